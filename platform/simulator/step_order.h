// StepOrder: which of the CPUs that can step does.
//
//   kUniform    any of them, each time anew
//   kPriority   the CPUs have an order, and the first one that can steps; at a few moments, which the seed chooses, the
//               CPU that steps goes to the end of the order. Finds what needs few, well placed switches with a
//               probability that has a bound [pct 2]
//   kSwarm      the seed chooses one of the two and its numbers, and, with it, all else that a configuration has
//
// INVARIANTS
//   I1. Nobody starves: a CPU that has stepped kMostInARow times in a row, or that had nothing to do, goes to the end.
#ifndef PLATFORM_SIMULATOR_STEP_ORDER_H_
#define PLATFORM_SIMULATOR_STEP_ORDER_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "platform/simulator/cpu_set.h"
#include "platform/simulator/random_stream.h"

namespace toro::simulator {

enum class OrderKind : uint8_t { kUniform, kPriority, kSwarm };

class StepOrder {
 public:
  static constexpr uint64_t kMostInARow = 1000;

  // `kind` is not kSwarm. `mean_steps`, from 1: how many steps lie between two of the moments of kPriority.
  StepOrder(OrderKind kind, size_t cpus, uint64_t seed, uint64_t mean_steps);

  // One of `able`, which is not empty.
  CpuId Pick(const CpuSet& able);

  // The CPU that was picked has stepped.
  void Stepped(CpuId cpu, bool worked);

 private:
  CpuId PickFirst(const CpuSet& able) const;
  void MoveToEnd(CpuId cpu);

  OrderKind kind_;
  size_t cpus_;
  uint64_t mean_steps_;
  RandomStream random_;
  uint64_t steps_to_change_;
  uint64_t in_a_row_ = 0;
  CpuId last_{kMaxCpus};
  CpuId order_[kMaxCpus];
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_STEP_ORDER_H_
