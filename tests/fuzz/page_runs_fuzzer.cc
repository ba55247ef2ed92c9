// The page runs of one partition under libFuzzer, against a map with a flag per page.
//
// Checked: no overlap, alignment, nothing outside of the ranges, and that a request is refused exactly when no gap is
// long enough, which holds only if every run that came back has been joined with its free neighbours.
#include <algorithm>
#include <map>
#include <vector>

#include "core/memory/page_runs.h"
#include "tests/fuzz/choices.h"
#include "tests/fuzz/dirty_memory.h"
#include "tests/fuzz/failures.h"

namespace {

using fuzz::Fail;
using toro::kPageBytes;

constexpr size_t kMemoryBytes = 4 * toro::kMiB;
constexpr size_t kMostRanges = 3;
constexpr size_t kMostPages = 300;  // of a range

struct ModelRange {
  uintptr_t begin;
  std::vector<bool> used;
};

class PageRunsWorld {
 public:
  PageRunsWorld(fuzz::Choices& choices, uintptr_t memory) : choices_(choices), runs_(Divide(memory)) {}

  void Run() {
    while (!choices_.Done()) choices_.Below(2) == 0 ? Allocate() : FreeOne();
    while (!live_.empty()) FreeOne();
    if (runs_.used_pages() != 0) Fail("%zu pages did not come back", runs_.used_pages());
    size_t longest = LongestGap();
    if (longest == 0) return;
    void* all = runs_.Allocate(longest);
    if (all == nullptr) Fail("the longest range, of %zu pages, cannot be had as one run any more", longest);
    runs_.Free(all);
  }

 private:
  // The first pages of a range hold its entries: the model has what is left.
  toro::PartitionRanges Divide(uintptr_t memory) {
    toro::PartitionRanges ranges;
    ranges.count = 1 + choices_.Below(kMostRanges);
    for (size_t i = 0; i < ranges.count; ++i) {
      size_t pages = 2 + choices_.Below(kMostPages);
      ranges.ranges[i] = {memory, pages * kPageBytes};
      model_.push_back({memory + kPageBytes, std::vector<bool>(pages - 1)});
      memory += (pages + choices_.Below(2)) * kPageBytes;
    }
    return ranges;
  }

  size_t LongestGap() const {
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

  void Mark(uintptr_t begin, size_t pages, bool used) {
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

  void Allocate() {
    size_t pages = 1 + choices_.Below(choices_.Below(4) == 0 ? kMostPages : 12);
    size_t align_bytes = kPageBytes << (choices_.Below(4) == 0 ? choices_.Below(8) : 0);
    void* run = runs_.Allocate(pages, align_bytes);
    size_t wanted = pages + align_bytes / kPageBytes - 1;
    if (run == nullptr) {
      if (LongestGap() >= wanted) Fail("%zu pages refused; the longest gap has %zu", wanted, LongestGap());
      return;
    }
    uintptr_t begin = reinterpret_cast<uintptr_t>(run);
    if (begin % align_bytes != 0) Fail("%p is not aligned to %zu", run, align_bytes);
    Mark(begin, pages, true);
    live_[run] = pages;
  }

  void FreeOne() {
    if (live_.empty()) return;
    auto victim = std::next(live_.begin(), choices_.Below(static_cast<uint32_t>(live_.size())));
    auto [run, pages] = *victim;
    live_.erase(victim);
    Mark(reinterpret_cast<uintptr_t>(run), pages, false);
    runs_.Free(run);
  }

  fuzz::Choices& choices_;
  std::vector<ModelRange> model_;
  std::map<void*, size_t> live_;
  toro::PageRuns runs_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  static fuzz::DirtyMemory memory(kMemoryBytes);
  memory.Reset();
  fuzz::ByteChoices choices(bytes, count);
  PageRunsWorld(choices, memory.begin()).Run();
  return 0;
}
