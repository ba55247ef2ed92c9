// SpinBudget: for how long a CPU without work polls before it halts.
//
// WHY. A CPU that polls for as long as a wake-up costs spends at most twice what the best choice would have, whatever
// comes [karlin90]. But where work comes once a millisecond, that polling is pure waste, and under emulation, where a
// PAUSE is slow, it took whole cores. So the time is counted in cycles, not in polls, and it follows the load: it
// shrinks by half with each idle time that was longer, and is full again after one that polling would have met. What a
// timer ends, polling does not meet, however soon: a CPU that polled between its own timers, 10,000 a second, took a
// whole core for it.
//
// INVARIANTS
//   I1. The budget is between 0 and kMostCycles.
//   I2. One idle time below kShortCycles that news ended restores it; kHalvings others in a row take it to 0.
#ifndef CORE_KERNEL_SPIN_BUDGET_H_
#define CORE_KERNEL_SPIN_BUDGET_H_

#include <cstdint>

namespace toro {

class SpinBudget {
 public:
  // About what a wake-up costs: 40 microseconds under emulation, 27 between two threads of Linux [bench: wake].
  static constexpr uint64_t kMostCycles = 100'000;
  // A halt that polling would have met lasts as long as that, and the wake-up.
  static constexpr uint64_t kShortCycles = 2 * kMostCycles;
  static constexpr int kHalvings = 5;

  uint64_t cycles() const { return cycles_; }

  // The CPU had nothing to do for `idle_cycles`, until there was news, or a timer.
  void Note(uint64_t idle_cycles, bool news) {
    if (news && idle_cycles < kShortCycles) {
      cycles_ = kMostCycles;
    } else {
      cycles_ = cycles_ > kMostCycles >> (kHalvings - 1) ? cycles_ / 2 : 0;
    }
  }

 private:
  uint64_t cycles_ = kMostCycles;
};

}  // namespace toro

#endif  // CORE_KERNEL_SPIN_BUDGET_H_
