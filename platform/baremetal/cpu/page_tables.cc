#include "platform/baremetal/cpu/page_tables.h"

#include "core/base/units.h"

namespace toro::baremetal {
namespace {

constexpr uint64_t kWritable = 1 << 1;
constexpr uint64_t kWriteThrough = 1 << 3;
constexpr uint64_t kCacheOff = 1 << 4;
constexpr uint64_t kAccessed = 1 << 5;
constexpr uint64_t kDirty = 1 << 6;
constexpr uint64_t kNoExecute = uint64_t{1} << 63;
constexpr uint64_t kAddressMask = 0x000ffffffffff000;
constexpr size_t kEntries = 512;
constexpr uint64_t kToTable = PageTables::kPresent | kWritable | kAccessed;

constexpr uint64_t BitsOf(Rights rights) {
  constexpr uint64_t kUsed = PageTables::kPresent | kAccessed | kDirty;
  switch (rights) {
    case Rights::kCode: return kUsed;
    case Rights::kReadOnly: return kUsed | kNoExecute;
    case Rights::kReadWrite: return kUsed | kNoExecute | kWritable;
    case Rights::kDevice: return kUsed | kNoExecute | kWritable | kWriteThrough | kCacheOff;
    case Rights::kWriteCombining: return kUsed | kNoExecute | kWritable | kWriteThrough;
  }
  return 0;
}

uint64_t* TableAt(uint64_t entry) { return reinterpret_cast<uint64_t*>(entry & kAddressMask); }

constexpr size_t IndexAt(uint64_t address, int shift) { return address >> shift & (kEntries - 1); }

}  // namespace

uint64_t* PageTables::Below(uint64_t& entry, uint64_t bytes_per_entry, PageSource source) {
  if ((entry & kPresent) && !(entry & kLarge)) return TableAt(entry);
  auto* table = static_cast<uint64_t*>(source());
  if (table == nullptr) return nullptr;
  uint64_t first = (entry & kPresent) ? entry & ~kLarge : 0;
  uint64_t step = first != 0 ? bytes_per_entry : 0;
  for (size_t i = 0; i < kEntries; ++i) table[i] = first + i * step;
  // The table is complete before it is reachable: another CPU may translate by this entry at any moment.
  __atomic_store_n(&entry, reinterpret_cast<uint64_t>(table) | kToTable, __ATOMIC_RELEASE);
  return table;
}

uint64_t* PageTables::Directory(uint64_t address, PageSource source) {
  uint64_t* pointers = Below(root_[IndexAt(address, 39)], 0, source);
  return pointers != nullptr ? Below(pointers[IndexAt(address, 30)], 0, source) : nullptr;
}

bool PageTables::Map(uint64_t begin, uint64_t end, Rights rights, PageSource source) {
  uint64_t bits = BitsOf(rights);
  uint64_t at = AlignDown(begin, kPageBytes);
  end = AlignUp(end, kPageBytes);
  while (at < end) {
    uint64_t* directory = Directory(at, source);
    if (directory == nullptr) return false;
    uint64_t& entry = directory[IndexAt(at, 21)];
    bool has_table = (entry & kPresent) && !(entry & kLarge);
    if (at % kLargePageBytes == 0 && end - at >= kLargePageBytes && !has_table) {
      entry = at | bits | kLarge;
      at += kLargePageBytes;
      continue;
    }
    uint64_t* table = Below(entry, kPageBytes, source);
    if (table == nullptr) return false;
    do {
      table[IndexAt(at, 12)] = at | bits;
      at += kPageBytes;
    } while (at < end && at % kLargePageBytes != 0);
  }
  return true;
}

uint64_t* PageTables::EntryOfPage(uint64_t page, PageSource source) {
  uint64_t* directory = Directory(page, source);
  if (directory == nullptr) return nullptr;
  uint64_t* table = Below(directory[IndexAt(page, 21)], kPageBytes, source);
  return table != nullptr ? &table[IndexAt(page, 12)] : nullptr;
}

bool PageTables::SetPresent(uint64_t page, bool present, PageSource source) {
  uint64_t* entry = EntryOfPage(page, source);
  if (entry == nullptr) return false;
  *entry = present ? page | BitsOf(Rights::kReadWrite) : 0;
  return true;
}

bool PageTables::SetRights(uint64_t page, Rights rights, PageSource source) {
  uint64_t* entry = EntryOfPage(page, source);
  if (entry == nullptr) return false;
  *entry = page | BitsOf(rights);
  return true;
}

struct PageTables::Walker {
  Visit visit;
  void* context;
  Region open;  // begin == end: none

  void Add(const Region& next) {
    bool alike = next.writable == open.writable && next.executable == open.executable &&
                 next.uncached == open.uncached && next.elsewhere == open.elsewhere;
    if (next.begin == open.end && alike) {
      open.end = next.end;
      return;
    }
    Flush();
    open = next;
  }
  void Flush() {
    if (open.begin != open.end) visit(context, open);
  }
};

// `above`: what the levels above leave of an entry's right to write; and no-execute, where one of them says so.
void PageTables::WalkTable(const uint64_t* table, int shift, uint64_t begin, uint64_t above, Walker& walker) {
  for (size_t i = 0; i < kEntries; ++i, begin += uint64_t{1} << shift) {
    uint64_t entry = table[i];
    if (!(entry & kPresent)) continue;
    uint64_t rights = (entry & above & kWritable) | ((entry | above) & kNoExecute);
    if (shift != 12 && !(entry & kLarge)) {
      WalkTable(TableAt(entry), shift - 9, begin, rights, walker);
      continue;
    }
    // Bit 12 of a large page's entry is not part of the address [sdm3 4.5].
    uint64_t to = entry & kAddressMask & ~((uint64_t{1} << shift) - 1);
    walker.Add({begin, begin + (uint64_t{1} << shift), (rights & kWritable) != 0, !(rights & kNoExecute),
                (entry & kCacheOff) != 0, to != begin});
  }
}

void PageTables::Walk(Visit visit, void* context) const {
  Walker walker{visit, context, {}};
  WalkTable(root_, 39, 0, kWritable, walker);
  walker.Flush();
}

uint64_t PageTables::Find(uint64_t address) const {
  const uint64_t* table = root_;
  for (int shift = 39;; shift -= 9) {
    uint64_t entry = table[IndexAt(address, shift)];
    if (!(entry & kPresent)) return 0;
    if (shift == 12 || (entry & kLarge)) return entry;
    table = TableAt(entry);
  }
}

}  // namespace toro::baremetal
