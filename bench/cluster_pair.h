// ClusterPair: a kernel of two CPUs in this process, driven by the benchmark's own two pinned threads.
//
// WHY. The platform owns the loop and the core owns the step: so the benchmark is a platform, and its samples begin and
// end where it wants. Its CPUs never halt; what a wake-up costs is a question to Linux, not to the kernel.
#ifndef BENCH_CLUSTER_PAIR_H_
#define BENCH_CLUSTER_PAIR_H_

#include <atomic>
#include <cstdint>
#include <functional>

#include "bench/contender.h"
#include "core/base/units.h"
#include "core/kernel/toro.h"
#include "core/memory/boot_map.h"

namespace toro::bench {

inline constexpr CpuId kNearCpu{0};
inline constexpr CpuId kFarCpu{1};

// Address space of this process as the memory of one partition. What is never touched costs nothing.
PartitionRanges ReserveRanges(size_t bytes);

class ClusterPair {
 public:
  static constexpr size_t kBytesPerCpu = 2 * kGiB;  // address space; pages that are never touched cost nothing

  // The one of this process. The first call makes it, and the calling thread its CPU 0.
  static ClusterPair& Get();

  // A job for the near side: runs `body` in a thread of CPU 0, and steps CPU 0 until it has returned.
  Job InThread(Job body);

  // A job for the far side: steps CPU 1 while the near side's thread runs.
  Job Stepping();

  // Makes the calling thread, that of the far side, CPU 1. For far jobs that step by themselves.
  void EnterFar();

 private:
  ClusterPair();
  bool RunInThread(const Job& body, uint64_t operations);
  bool StepWhileNearRuns();
  static void StepOrWait(Cpu& cpu);

  alignas(kSharedStrideBytes) std::atomic<uint64_t> finished_{0};
  bool far_entered_ = false;  // far side only
};

}  // namespace toro::bench

#endif  // BENCH_CLUSTER_PAIR_H_
