#include "tests/fuzz/page_runs_world.h"

#include <algorithm>

#include "tests/fuzz/failures.h"

namespace fuzz {
namespace {

using toro::kPageBytes;

constexpr size_t kMostRanges = 3;
constexpr size_t kMostPages = 300;  // of a range

}  // namespace

PageRunsWorld::PageRunsWorld(Choices& choices, DirtyMemory& memory) : choices_(choices), runs_(Divide(memory)) {
  BeginRun();
}

void PageRunsWorld::Run() {
  while (!choices_.Done()) choices_.Below(2) == 0 ? Allocate() : FreeOne();
  while (!live_.empty()) FreeOne();
  if (runs_.used_pages() != 0) Fail("%zu pages did not come back", runs_.used_pages());
  size_t longest = LongestGap();
  if (longest == 0) return;
  void* all = runs_.Allocate(longest);
  if (all == nullptr) Fail("the longest range, of %zu pages, cannot be had as one run any more", longest);
  runs_.Free(all);
}

// The first pages of a range describe it: the model has what is left.
toro::PartitionRanges PageRunsWorld::Divide(DirtyMemory& memory) {
  memory.Reset();
  toro::PartitionRanges ranges;
  ranges.count = 1 + choices_.Below(kMostRanges);
  uintptr_t next = memory.begin();
  for (size_t i = 0; i < ranges.count; ++i) {
    size_t pages = 2 + choices_.Below(kMostPages);
    ranges.ranges[i] = {next, pages * kPageBytes};
    size_t table_pages = std::min(pages, toro::PageRuns::TablePages(pages));
    model_.push_back({next + table_pages * kPageBytes, std::vector<bool>(pages - table_pages)});
    next += (pages + choices_.Below(2)) * kPageBytes;
  }
  return ranges;
}

size_t PageRunsWorld::LongestGap() const {
  size_t longest = 0;
  for (const ModelRange& range : model_) {
    size_t gap = 0;
    for (bool used : range.used) {
      gap = used ? 0 : gap + 1;
      longest = std::max(longest, gap);
    }
  }
  return longest;
}

void PageRunsWorld::Mark(uintptr_t begin, size_t pages, bool used) {
  for (ModelRange& range : model_) {
    size_t first = (begin - range.begin) / kPageBytes;
    if (begin < range.begin || first + pages > range.used.size()) continue;
    for (size_t page = first; page < first + pages; ++page) {
      if (range.used[page] == used) Fail("page %zu of a range was handed out twice, or came back twice", page);
      range.used[page] = used;
    }
    return;
  }
  Fail("a run of %zu pages at %#zx lies outside of the ranges", pages, begin);
}

void PageRunsWorld::Allocate() {
  size_t pages = 1 + choices_.Below(choices_.Below(4) == 0 ? kMostPages : 12);
  size_t align_bytes = kPageBytes << (choices_.Below(4) == 0 ? choices_.Below(8) : 0);
  uintptr_t run = reinterpret_cast<uintptr_t>(runs_.Allocate(pages, align_bytes));
  size_t wanted = pages + align_bytes / kPageBytes - 1;
  if (run == 0) {
    if (LongestGap() >= wanted) Fail("%zu pages refused; the longest gap has %zu", wanted, LongestGap());
    return;
  }
  if (run % align_bytes != 0) Fail("%#zx is not aligned to %zu", run, align_bytes);
  Mark(run, pages, true);
  live_[run] = pages;
}

void PageRunsWorld::FreeOne() {
  if (live_.empty()) return;
  auto victim = std::next(live_.begin(), choices_.Below(static_cast<uint32_t>(live_.size())));
  auto [run, pages] = *victim;
  live_.erase(victim);
  Mark(run, pages, false);
  runs_.Free(reinterpret_cast<void*>(run));
}

}  // namespace fuzz
