// PinnedPair: the calling thread on one CPU and a helper thread on another, to run two jobs at the same moment.
//
// INVARIANTS
//   I1. Both jobs start when both CPUs are there: the clock starts after the helper has said so.
//   I2. While no pair of jobs has run for a moment the helper sleeps, so that it takes nothing from single-CPU samples.
#ifndef BENCH_PINNED_PAIR_H_
#define BENCH_PINNED_PAIR_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "bench/contender.h"

namespace toro::bench {

struct PairTime {
  double elapsed_ns = 0;
  // The larger share, of the two threads, of `elapsed_ns` in which the thread was not on its CPU.
  double off_cpu_share = 0;
  bool correct = false;
};

class PinnedPair {
 public:
  // Pins the calling thread to `near_cpu`. `far_cpu` < 0: no helper, only Run with an empty far job.
  PinnedPair(int near_cpu, int far_cpu);
  ~PinnedPair();
  PinnedPair(const PinnedPair&) = delete;
  PinnedPair& operator=(const PinnedPair&) = delete;

  // Runs `near` here and `far` there (empty: only `near`), each for `operations`. Only the thread that constructed
  // this.
  PairTime Run(const Job& near, const Job& far, uint64_t operations);

  int near_cpu() const { return near_cpu_; }
  int far_cpu() const { return far_cpu_; }
  bool has_far() const { return far_cpu_ >= 0; }

 private:
  void HelperLoop();
  uint32_t AwaitCommand(uint32_t seen);

  const int near_cpu_;
  const int far_cpu_;

  // Written by the caller.
  alignas(128) std::atomic<uint32_t> command_{0};
  const Job* far_job_ = nullptr;
  uint64_t operations_ = 0;
  bool stop_ = false;
  alignas(128) std::atomic<uint32_t> go_{0};

  // Written by the helper.
  alignas(128) std::atomic<uint32_t> ready_{0};
  alignas(128) std::atomic<uint32_t> done_{0};
  bool far_correct_ = false;
  double far_cpu_ns_ = 0;

  std::thread helper_;
};

// Asks Linux to prefer this thread, and those that it starts from now on, over all ordinary ones. False without the
// right. Linux keeps a twentieth of each second for the others, so nothing starves. (A nice value would not do: with
// autogroups it counts only within the terminal's session.)
bool RaisePriority();

// Pins the calling thread; exits with a message when the machine does not let it.
void PinThisThread(int cpu);

}  // namespace toro::bench

#endif  // BENCH_PINNED_PAIR_H_
