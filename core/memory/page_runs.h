// PageRuns: the pages of one partition, handed out in runs that coalesce when they come back.
//
// WHY. A start that costs O(1) whatever the memory: pages beyond the frontier have never been used and have no entry;
// the frontier moves when no returned run is long enough, and then takes the free run below it along. Everything else
// is boundary tags: the entry of the first and the last page of a free run say how long it is, so a run that comes back
// finds its free neighbours in O(1).
//
// LAYOUT of a range:  [entries, one uint32_t per page][pages ...]
// Entry of a page:    31..28 kind; 27..0 length in pages (free and used runs), or the size class (slabs).
//
// INVARIANTS
//   I1. No two free runs are neighbours.
//   I2. The entries of the first and last page of every run below the frontier are right; those in between never say
//       free.
//   I3. A free run holds its list links in its first page; nothing else reads or writes free pages.
//   I4. One CPU.
//
// COST. Allocate and Free: O(1) for runs below kExactBins pages; above, first fit within runs of the same power of two.
#ifndef CORE_MEMORY_PAGE_RUNS_H_
#define CORE_MEMORY_PAGE_RUNS_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/memory/boot_map.h"

namespace toro {

enum class PageKind : uint32_t {
  kUnknown = 0,  // not the first page of anything
  kFreeFirst,    // free run; also its last page when the run has one page
  kFreeLast,
  kUsedFirst,  // run that a caller holds
  kSlab,       // page of a slab
};

class PageEntry {
 public:
  constexpr PageEntry() = default;
  constexpr PageEntry(PageKind kind, uint32_t value) : bits_(static_cast<uint32_t>(kind) << 28 | value) {}
  static constexpr PageEntry Slab(size_t size_class) { return {PageKind::kSlab, static_cast<uint32_t>(size_class)}; }

  constexpr PageKind kind() const { return static_cast<PageKind>(bits_ >> 28); }
  constexpr size_t pages() const { return bits_ & 0x0fffffff; }
  constexpr size_t size_class() const { return bits_ & 0x0fffffff; }

 private:
  uint32_t bits_ = 0;
};

class PageRuns {
 public:
  // `ranges` are page aligned and belong to this object from now on. O(number of ranges).
  explicit PageRuns(const PartitionRanges& ranges);

  // `pages` > 0 contiguous pages, aligned to `align_bytes` (a power of two, at least kPageBytes). Null: no such run.
  void* Allocate(size_t pages, size_t align_bytes = kPageBytes);

  // `run` came from Allocate and is not free. Stops with a message otherwise.
  void Free(void* run);

  // The entry of the page that holds `address`, or null when the address is not a page of ours below the frontier.
  PageEntry* EntryOf(const void* address) {
    PageEntry* entry = EntryInFirstRange(address);
    return __builtin_expect(entry != nullptr, 1) ? entry : EntryOfOtherRange(address);
  }

  // As EntryOf, but null also for addresses in other ranges than the first.
  PageEntry* EntryInFirstRange(const void* address) {
    size_t offset = reinterpret_cast<uintptr_t>(address) - ranges_[0].begin;
    return offset < ranges_[0].used_bytes ? &ranges_[0].entries[offset / kPageBytes] : nullptr;
  }

  size_t total_pages() const { return total_pages_; }
  size_t used_pages() const { return used_pages_; }

 private:
  struct Range {
    uintptr_t begin = 0;    // first page
    size_t used_bytes = 0;  // below the frontier
    size_t bytes = 0;       // all pages
    PageEntry* entries = nullptr;
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
  Range* RangeOf(const void* address);
  FreeRun* TakeFit(size_t pages);
  static size_t FreePagesBelowFrontier(const Range& range);
  void* TakeFromFrontier(size_t pages);
  void MarkUsed(void* run, size_t pages);
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
