// PageRuns: the pages of one partition, handed out in runs that coalesce when they come back.
//
// WHY. A start that costs O(1) whatever the memory: pages beyond the frontier have never been used and have no entry;
// the frontier moves when no returned run is long enough, and then takes the free run below it along. Everything else
// is boundary tags: the entry of the first and the last page of a free run say how long it is, so a run that comes back
// finds its free neighbours in O(1).
//
// LAYOUT of a range:  [entries, one uint32_t per page][slabs, one per kLeastSlabPages pages][pages ...]
// The Slab of a slab whose first page is p is number p / kLeastSlabPages: no two slabs begin within so few pages.
// Entry of a page that is in a slab:
//     31 one; 16..12 number of the page in the slab; 6..0 size class
// Entry of any other page:
//     31 zero; 30..28 kind; 27..0 length of the run in pages, for the kinds that have one
//
// INVARIANTS
//   I1. No two free runs are neighbours.
//   I2. The entries of the first and last page of every run below the frontier are right; those in between never say
//       free.
//   I3. A free run holds its list links in its first page; nothing else reads or writes free pages.
//   I4. One CPU; but the entry of a page that an object lies in does not change while the object lives, and may be read
//       by whoever holds the object (EntryOfLiveObject).
//
// COST. Allocate and Free: O(1) for runs below kExactBins pages; above, first fit within runs of the same power of two.
#ifndef CORE_MEMORY_PAGE_RUNS_H_
#define CORE_MEMORY_PAGE_RUNS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/units.h"
#include "core/memory/boot_map.h"
#include "core/memory/size_classes.h"
#include "core/memory/slab.h"

namespace toro {

enum class PageKind : uint32_t {
  kUnknown = 0,   // not the first page of anything
  kFreeFirst,     // free run; also its last page when the run has one page
  kFreeLast,      // the last page of a longer one
  kUsedFirst,     // run that a caller holds
  kGuardedFirst,  // the page behind the lower guard page of such a run: where its object begins
  kStackFirst,    // run that is the stack of a thread, with its guard pages
  kKernelFirst,   // run that the kernel keeps for something else
  kKeptFirst,     // as kGuardedFirst, but its object is free: it is kept with its guards for the next one
};

class PageEntry {
 public:
  static constexpr size_t kMostSlabPages = 32;

  constexpr PageEntry() = default;
  constexpr PageEntry(PageKind kind, size_t pages)
      : bits_(static_cast<uint32_t>(kind) << 28 | static_cast<uint32_t>(pages)) {}
  static constexpr PageEntry OfSlab(size_t size_class, size_t page) {
    PageEntry entry;
    entry.bits_ = kSlabBit | static_cast<uint32_t>(page * kPageBytes | size_class);
    return entry;
  }

  constexpr bool in_slab() const { return (bits_ & kSlabBit) != 0; }

  // None of the kinds for a page that is in a slab.
  constexpr PageKind kind() const { return static_cast<PageKind>(bits_ >> 28); }
  constexpr size_t pages() const { return bits_ & 0x0fffffff; }
  // Is this the last page of a free run?
  constexpr bool EndsFreeRun() const {
    return kind() == PageKind::kFreeLast || (kind() == PageKind::kFreeFirst && pages() == 1);
  }

  // Of a page that is in a slab.
  constexpr size_t size_class() const { return bits_ & 0x7f; }
  constexpr size_t page_in_slab() const { return bits_ / kPageBytes % kMostSlabPages; }
  // How far `address`, in this page, is from the begin of the slab.
  size_t OffsetInSlab(const void* address) const {
    return (bits_ & (kMostSlabPages - 1) * kPageBytes) | (reinterpret_cast<uintptr_t>(address) & (kPageBytes - 1));
  }

 private:
  static constexpr uint32_t kSlabBit = uint32_t{1} << 31;
  uint32_t bits_ = 0;
};

class PageRuns {
 public:
  // `ranges` are page aligned and belong to this object from now on. O(number of ranges).
  [[gnu::cold]] explicit PageRuns(const PartitionRanges& ranges);

  // The pages that entries and slabs of a range of `pages` take of it.
  static constexpr size_t TablePages(size_t pages) {
    return AlignUp(pages * sizeof(PageEntry), kPageBytes) / kPageBytes +
           AlignUp(pages / kLeastSlabPages * sizeof(Slab), kPageBytes) / kPageBytes;
  }

  // `pages` > 0 contiguous pages, of which the one numbered `lead` (< pages) is aligned to `align_bytes` (a power of
  // two, at least kPageBytes). Null: no such run.
  void* Allocate(size_t pages, size_t align_bytes = kPageBytes, size_t lead = 0, PageKind kind = PageKind::kUsedFirst);

  // `run` came from Allocate with that kind and is not free. Stops with a message otherwise.
  void Free(void* run, PageKind kind = PageKind::kUsedFirst);

  // In words, why no object begins at `address`. For reports: looks at one entry after the other.
  [[gnu::cold]] const char* WhyNotAllocated(const void* address) const;

  // The entry of the page that holds `address`, or null when the address is not a page of ours below the frontier.
  PageEntry* EntryOf(const void* address) {
    PageEntry* entry = EntryInFirstRange(address);
    return __builtin_expect(entry != nullptr, 1) ? entry : EntryOfOtherRange(address);
  }

  // As EntryOf, but null also for addresses in other ranges than the first.
  PageEntry* EntryInFirstRange(const void* address) {
    return InFirstRange(address) ? &EntryUnchecked(address) : nullptr;
  }
  // The two halves of it, for code that counts instructions.
  bool InFirstRange(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - ranges_[0].begin < ranges_[0].used_bytes;
  }
  PageEntry& EntryUnchecked(const void* address) const {
    return ranges_[0].entries[(reinterpret_cast<uintptr_t>(address) - ranges_[0].begin) / kPageBytes];
  }

  // The slab that `address` lies in; its page is in one.
  Slab& SlabOf(const void* address);

  // As EntryOf, for the address of an object that lives: any CPU.
  const PageEntry* EntryOfLiveObject(const void* address) const;

  size_t total_pages() const { return total_pages_; }
  size_t used_pages() const { return used_pages_; }

 private:
  struct Range {
    uintptr_t begin = 0;    // first page
    size_t used_bytes = 0;  // below the frontier
    size_t bytes = 0;       // all pages
    PageEntry* entries = nullptr;
    Slab* slabs = nullptr;
  };
  struct FreeRun {
    FreeRun* next;
    FreeRun* previous;
    size_t pages;
  };

  static constexpr size_t kExactBins = 32;  // bin b < kExactBins holds runs of b + 1 pages
  static constexpr size_t kBins = kExactBins + 26;

  static size_t BinOf(size_t pages);
  PageEntry* EntryOfOtherRange(const void* address);
  const Range* RangeOf(const void* address) const;
  Range* RangeOf(const void* address) { return const_cast<Range*>(std::as_const(*this).RangeOf(address)); }
  FreeRun* TakeFit(size_t pages);
  static size_t FreePagesBelowFrontier(const Range& range);
  void* TakeFromFrontier(size_t pages);
  void MarkUsed(void* run, size_t pages, PageKind kind);
  void AddFree(Range& range, uintptr_t begin, size_t pages);
  void RemoveFree(FreeRun* run);

  Range ranges_[kMaxPartitionRanges];
  size_t range_count_ = 0;
  size_t total_pages_ = 0;
  size_t used_pages_ = 0;
  uint64_t occupied_bins_ = 0;
  FreeRun* bins_[kBins] = {};
};

}  // namespace toro

#endif  // CORE_MEMORY_PAGE_RUNS_H_
