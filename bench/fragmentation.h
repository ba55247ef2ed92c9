// Fragmentation: the most memory that a long mixed run holds, over the bytes that were live at their peak.
//
// WHY not a group of the suite. It is bytes, not time, and needs no rounds and no bracket. Each allocator has a process
// of its own from the start, because what an earlier run has left resident would hide what this one takes.
//
// METHOD. Objects are replaced at random, and each is written from end to end. "same sizes" is the churn of
// alloc_churn: 10,000 live, of 16 bytes to 2 KiB. In "other sizes" the sizes shift with each of eight phases, up to 64
// KiB, and between 5,000 and 20,000 are live. Memory is the resident size of the process above that before the first
// allocation, looked at every 1,000 operations; it has the tables of the allocator, and what is free in its slabs.
#ifndef BENCH_FRAGMENTATION_H_
#define BENCH_FRAGMENTATION_H_

#include <string>
#include <vector>

namespace toro::bench {

struct FragmentationPeer {
  std::string name;
  std::string library;  // loaded first; empty: nothing
};

// Runs everything in processes of their own and prints a table, or, when `smoke`, just looks at the results. The exit
// status.
int CompareFragmentation(const std::vector<FragmentationPeer>& peers, bool smoke);

// What such a process does: prints the ratio. `ours`: of a partition; else of the malloc of the process.
int MeasureFragmentation(bool ours, bool other_sizes, bool smoke);

}  // namespace toro::bench

#endif  // BENCH_FRAGMENTATION_H_
