// PageRunsWorld: the page runs of one partition, and a shadow model with a flag per page.
//
// INVARIANTS, checked at every operation
//   I1. A run lies in a range, is aligned as asked, and overlaps nothing that is live.
//   I2. A request is refused exactly when no gap is long enough, which holds only if every run that came back has been
//       joined with its free neighbours.
//   I3. At the end all pages are back, and the longest range can be had as one run.
#ifndef TESTS_FUZZ_PAGE_RUNS_WORLD_H_
#define TESTS_FUZZ_PAGE_RUNS_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/memory/page_runs.h"
#include "tests/fuzz/choices.h"
#include "tests/fuzz/dirty_memory.h"

namespace fuzz {

class PageRunsWorld {
 public:
  // Ranges are chosen.
  PageRunsWorld(Choices& choices, DirtyMemory& memory);

  // Makes operations until there are none left, then gives everything back.
  void Run();

  static constexpr size_t kLeastMemoryBytes = 4 * toro::kMiB;

 private:
  struct ModelRange {
    uintptr_t begin;
    std::vector<bool> used;
  };

  toro::PartitionRanges Divide(DirtyMemory& memory);
  size_t LongestGap() const;
  void Mark(uintptr_t begin, size_t pages, bool used);
  void Allocate();
  void FreeOne();

  Choices& choices_;
  std::vector<ModelRange> model_;
  std::map<uintptr_t, size_t> live_;  // begin -> pages
  toro::PageRuns runs_;
};

}  // namespace fuzz

#endif  // TESTS_FUZZ_PAGE_RUNS_WORLD_H_
