#include "core/memory/page_runs.h"

#include <bit>

#include "core/base/check.h"

namespace toro {

PageRuns::PageRuns(const PartitionRanges& partition) {
  for (size_t i = 0; i < partition.count; ++i) {
    const MemoryRange& memory = partition.ranges[i];
    TORO_CHECK(memory.begin % kPageBytes == 0 && memory.bytes % kPageBytes == 0);
    size_t all_pages = memory.bytes / kPageBytes;
    size_t table_pages = TablePages(all_pages);
    if (all_pages <= table_pages) continue;
    Range& range = ranges_[range_count_++];
    range.begin = memory.begin + table_pages * kPageBytes;
    range.bytes = (all_pages - table_pages) * kPageBytes;
    range.entries = reinterpret_cast<PageEntry*>(memory.begin);
    range.slabs = reinterpret_cast<Slab*>(AlignUp(memory.begin + all_pages * sizeof(PageEntry), kPageBytes));
    total_pages_ += range.bytes / kPageBytes;
  }
}

size_t PageRuns::BinOf(size_t pages) {
  if (pages <= kExactBins) return pages - 1;
  return kExactBins + std::bit_width(pages) - std::bit_width(kExactBins);
}

const PageRuns::Range* PageRuns::RangeOf(const void* address) const {
  for (size_t i = 0; i < range_count_; ++i) {
    if (reinterpret_cast<uintptr_t>(address) - ranges_[i].begin < ranges_[i].used_bytes) return &ranges_[i];
  }
  return nullptr;
}

PageEntry* PageRuns::EntryOfOtherRange(const void* address) {
  Range* range = RangeOf(address);
  if (range == nullptr) return nullptr;
  return &range->entries[(reinterpret_cast<uintptr_t>(address) - range->begin) / kPageBytes];
}

Slab& PageRuns::SlabOf(const void* address) {
  Range& range = *RangeOf(address);
  size_t page = (reinterpret_cast<uintptr_t>(address) - range.begin) / kPageBytes;
  return range.slabs[(page - range.entries[page].page_in_slab()) / kLeastSlabPages];
}

const PageEntry* PageRuns::EntryOfLiveObject(const void* address) const {
  for (size_t i = 0; i < range_count_; ++i) {
    // The frontier moves; the ends of the range do not.
    size_t offset = reinterpret_cast<uintptr_t>(address) - ranges_[i].begin;
    if (offset < ranges_[i].bytes) return &ranges_[i].entries[offset / kPageBytes];
  }
  return nullptr;
}

void* PageRuns::Allocate(size_t pages, size_t align_bytes, size_t lead, PageKind kind) {
  TORO_CHECK(pages > lead && IsPowerOfTwo(align_bytes) && align_bytes >= kPageBytes);
  size_t slack = align_bytes / kPageBytes - 1;
  if (pages > total_pages_ || slack > total_pages_) return nullptr;
  size_t wanted = pages + slack;
  FreeRun* fit = TakeFit(wanted);
  uintptr_t begin = reinterpret_cast<uintptr_t>(fit);
  size_t got = fit != nullptr ? fit->pages : wanted;
  if (fit == nullptr) begin = reinterpret_cast<uintptr_t>(TakeFromFrontier(wanted));
  if (begin == 0) return nullptr;

  // Give back what lies before the alignment and behind the end.
  uintptr_t first = AlignUp(begin + lead * kPageBytes, align_bytes) - lead * kPageBytes;
  size_t before = (first - begin) / kPageBytes;
  size_t behind = got - before - pages;
  MarkUsed(reinterpret_cast<void*>(first), pages, kind);
  Range& range = *RangeOf(reinterpret_cast<void*>(first));
  if (before > 0) AddFree(range, begin, before);
  if (behind > 0) AddFree(range, first + pages * kPageBytes, behind);
  used_pages_ += pages;
  return reinterpret_cast<void*>(first);
}

const char* PageRuns::WhyNotAllocated(const void* address) const {
  static constexpr char kNothing[] = "free of a pointer that no allocation returned";
  const Range* range = RangeOf(address);
  if (range == nullptr) return kNothing;
  size_t page = (reinterpret_cast<uintptr_t>(address) - range->begin) / kPageBytes;
  // The run that the page is in begins at the nearest entry that begins one.
  for (size_t first = page + 1; first-- > 0;) {
    PageEntry entry = range->entries[first];
    if (entry.in_slab()) return kNothing;
    switch (entry.kind()) {
      case PageKind::kUnknown:
      case PageKind::kGuardedFirst: continue;
      case PageKind::kFreeLast:
        if (first == page) continue;
        return kNothing;
      case PageKind::kFreeFirst:
        return page - first < entry.pages() ? "double free: this memory is free already" : kNothing;
      case PageKind::kUsedFirst:
        return "free of a pointer that no allocation returned: it lies in the middle of a large object";
      case PageKind::kStackFirst: return "free of an address on a thread's stack";
      case PageKind::kKernelFirst: return "free of memory that the kernel keeps for itself";
      case PageKind::kKeptFirst: return "double free: this memory is free already";
    }
  }
  return kNothing;
}

void PageRuns::Free(void* run, PageKind kind) {
  Range* range = RangeOf(run);
  PageEntry* entry = EntryOf(run);
  if (range == nullptr || reinterpret_cast<uintptr_t>(run) % kPageBytes != 0 || entry->kind() != kind) {
    TORO_FAIL_AT(WhyNotAllocated(run), run);
  }
  size_t pages = entry->pages();
  uintptr_t begin = reinterpret_cast<uintptr_t>(run);
  used_pages_ -= pages;
  *entry = PageEntry();

  // I1: join with free neighbours.
  if (begin > range->begin) {
    PageEntry before = entry[-1];
    if (before.EndsFreeRun()) {
      entry[-1] = PageEntry();
      begin -= before.pages() * kPageBytes;
      pages += before.pages();
      RemoveFree(reinterpret_cast<FreeRun*>(begin));
    }
  }
  uintptr_t end = begin + pages * kPageBytes;
  if (end < range->begin + range->used_bytes) {
    PageEntry* behind = &range->entries[(end - range->begin) / kPageBytes];
    if (behind->kind() == PageKind::kFreeFirst) {
      pages += behind->pages();
      RemoveFree(reinterpret_cast<FreeRun*>(end));
      *behind = PageEntry();
    }
  }
  AddFree(*range, begin, pages);
}

PageRuns::FreeRun* PageRuns::TakeFit(size_t pages) {
  size_t bin = BinOf(pages);
  // Only in a bin that mixes lengths can a run be too short.
  if (bin >= kExactBins) {
    for (FreeRun* run = bins_[bin]; run != nullptr; run = run->next) {
      if (run->pages >= pages) {
        RemoveFree(run);
        return run;
      }
    }
    ++bin;
  }
  uint64_t larger = bin < 64 ? occupied_bins_ >> bin << bin : 0;
  if (larger == 0) return nullptr;
  FreeRun* run = bins_[std::countr_zero(larger)];
  RemoveFree(run);
  return run;
}

// The length of the free run that ends at the frontier, or 0.
size_t PageRuns::FreePagesBelowFrontier(const Range& range) {
  if (range.used_bytes == 0) return 0;
  PageEntry last = range.entries[range.used_bytes / kPageBytes - 1];
  return last.EndsFreeRun() ? last.pages() : 0;
}

// Called when no free run is long enough, so the one below the frontier is shorter than `pages`.
void* PageRuns::TakeFromFrontier(size_t pages) {
  for (size_t i = 0; i < range_count_; ++i) {
    Range& range = ranges_[i];
    size_t free_below = FreePagesBelowFrontier(range);
    if ((range.bytes - range.used_bytes) / kPageBytes + free_below < pages) continue;
    uintptr_t begin = range.begin + range.used_bytes - free_below * kPageBytes;
    if (free_below > 0) RemoveFree(reinterpret_cast<FreeRun*>(begin));
    PageEntry* entries = &range.entries[(begin - range.begin) / kPageBytes];
    for (size_t page = 0; page < pages; ++page) entries[page] = PageEntry();
    range.used_bytes += (pages - free_below) * kPageBytes;
    return reinterpret_cast<void*>(begin);
  }
  return nullptr;
}

void PageRuns::MarkUsed(void* run, size_t pages, PageKind kind) {
  PageEntry* entry = EntryOf(run);
  entry[pages - 1] = PageEntry();
  entry[0] = PageEntry(kind, pages);
}

void PageRuns::AddFree(Range& range, uintptr_t begin, size_t pages) {
  PageEntry* entry = &range.entries[(begin - range.begin) / kPageBytes];
  entry[pages - 1] = PageEntry(PageKind::kFreeLast, pages);
  entry[0] = PageEntry(PageKind::kFreeFirst, pages);
  FreeRun* run = reinterpret_cast<FreeRun*>(begin);
  size_t bin = BinOf(pages);
  run->pages = pages;
  run->previous = nullptr;
  run->next = bins_[bin];
  if (run->next != nullptr) run->next->previous = run;
  bins_[bin] = run;
  occupied_bins_ |= uint64_t{1} << bin;
}

void PageRuns::RemoveFree(FreeRun* run) {
  size_t bin = BinOf(run->pages);
  if (run->next != nullptr) run->next->previous = run->previous;
  if (run->previous != nullptr) {
    run->previous->next = run->next;
  } else {
    bins_[bin] = run->next;
    if (run->next == nullptr) occupied_bins_ &= ~(uint64_t{1} << bin);
  }
}

}  // namespace toro
