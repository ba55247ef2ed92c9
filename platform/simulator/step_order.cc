#include "platform/simulator/step_order.h"

#include <algorithm>
#include <utility>

namespace toro::simulator {

StepOrder::StepOrder(OrderKind kind, size_t cpus, uint64_t seed, uint64_t mean_steps)
    : kind_(kind), cpus_(cpus), mean_steps_(mean_steps), random_(seed, kOrderStream) {
  for (size_t i = 0; i < cpus; ++i) order_[i] = CpuId{i};
  for (size_t i = cpus; i > 1; --i) std::swap(order_[i - 1], order_[random_.Below(i)]);
  steps_to_change_ = 1 + random_.Below(2 * mean_steps_);
}

CpuId StepOrder::Pick(const CpuSet& able) {
  return kind_ == OrderKind::kUniform ? able.At(random_.Below(able.size())) : PickFirst(able);
}

CpuId StepOrder::PickFirst(const CpuSet& able) const {
  for (size_t i = 0; i < cpus_; ++i) {
    if (able.Has(order_[i])) return order_[i];
  }
  return CpuId{kMaxCpus};
}

void StepOrder::Stepped(CpuId cpu, bool worked) {
  if (kind_ == OrderKind::kUniform) return;
  in_a_row_ = cpu == last_ ? in_a_row_ + 1 : 1;
  last_ = cpu;
  const bool change = --steps_to_change_ == 0;
  if (change) steps_to_change_ = 1 + random_.Below(2 * mean_steps_);
  if (change || !worked || in_a_row_ >= kMostInARow) MoveToEnd(cpu);
}

void StepOrder::MoveToEnd(CpuId cpu) {
  CpuId* end = order_ + cpus_;
  CpuId* at = std::find(order_, end, cpu);
  std::rotate(at, at + 1, end);
  in_a_row_ = 0;
}

}  // namespace toro::simulator
