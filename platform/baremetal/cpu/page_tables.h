// PageTables: the four-level tables of one address space in which every virtual address is the physical one.
//
// WHY. Ring 0 has no process to isolate, so translation is the identity; what the tables are for is rights: code cannot
// be written, data cannot be executed, and address 0, guard pages and everything that nobody asked for is absent.
//
// LAYOUT of an entry [sdm3 4.5]: bit 0 present, 1 writable, 3 write-through, 4 cache off, 5 accessed, 6 dirty, 7 large
// page, 8 global, 12..51 address, 63 no execute.
//
// INVARIANTS
//   I1. No entry is both writable and executable: Rights has no such word.
//   I2. Accessed and dirty are set from the start, so the CPUs never write to a table; one CPU may change an entry of
//       its own memory while others translate by it.
//   I3. A table page is never given back.
//
// COST. Map: one store per 2 MiB, or per 4 KiB where the range is not aligned. Walk: one load per entry.
#ifndef PLATFORM_BAREMETAL_CPU_PAGE_TABLES_H_
#define PLATFORM_BAREMETAL_CPU_PAGE_TABLES_H_

#include <cstddef>
#include <cstdint>

namespace toro::baremetal {

// Below this nothing is mapped: a null pointer, or an index into a null array, faults.
inline constexpr uint64_t kNullAreaBytes = 64 * 1024;

// kWriteCombining: by the second entry of the page attribute table, which UseAddressSpace programs.
enum class Rights { kCode, kReadOnly, kReadWrite, kDevice, kWriteCombining };

class PageTables {
 public:
  // Gives a page for a table, aligned to 4 KiB, of any content; null when there is none left.
  using PageSource = void* (*)();

  // The tables below `root`, a page that holds a level-4 table.
  explicit PageTables(uint64_t* root) : root_(root) {}

  // Maps [begin, end), widened to whole pages, in place of what was there. False if the source ran dry.
  [[nodiscard]] bool Map(uint64_t begin, uint64_t end, Rights rights, PageSource source);

  // Makes the 4 KiB page at `page` absent, or present again as memory (kReadWrite). Splits the large page it lies in.
  [[nodiscard]] bool SetPresent(uint64_t page, bool present, PageSource source);

  // Gives the 4 KiB page at `page`, which is present, other rights. Splits the large page it lies in.
  [[nodiscard]] bool SetRights(uint64_t page, Rights rights, PageSource source);

  // Splits the large page that `page` lies in, if it lies in one, into 4 KiB pages of the same rights.
  [[nodiscard]] bool Split(uint64_t page, PageSource source) { return EntryOfPage(page, source) != nullptr; }

  // The entry that translates `address`, or 0 if none does.
  uint64_t Find(uint64_t address) const;

  // Addresses that follow each other and are translated alike. What one level of the tables forbids is forbidden
  // [sdm3 4.6].
  struct Region {
    uint64_t begin = 0;
    uint64_t end = 0;
    bool writable = false;
    bool executable = false;
    bool uncached = false;
    bool elsewhere = false;  // the physical address is another one
  };

  // Calls visit(context, region) for all that is present, from address 0 upwards, in as few regions as possible.
  using Visit = void (*)(void* context, const Region& region);
  void Walk(Visit visit, void* context) const;

  static bool IsWritable(uint64_t entry) { return entry & 2; }
  static bool IsExecutable(uint64_t entry) { return (entry & kPresent) && !(entry >> 63); }

  static constexpr uint64_t kPresent = 1;
  static constexpr uint64_t kLarge = 1 << 7;

 private:
  // The table below `entry`; made, or split off a large page, if it is not there.
  static uint64_t* Below(uint64_t& entry, uint64_t bytes_per_entry, PageSource source);
  uint64_t* Directory(uint64_t address, PageSource source);
  uint64_t* EntryOfPage(uint64_t page, PageSource source);
  struct Walker;
  static void WalkTable(const uint64_t* table, int shift, uint64_t begin, uint64_t above, Walker& walker);

  uint64_t* root_;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_PAGE_TABLES_H_
