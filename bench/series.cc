#include "bench/series.h"

#include <algorithm>

namespace toro::bench {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Series::Add(const Sample& sample) {
  moved_ += sample.moved;
  disturbed_ += sample.disturbed;
  wrong_ += sample.verdict == Verdict::kWrong;
  if (sample.verdict != Verdict::kGood) return;
  Values& values = by_placement_[sample.placement];
  values.operation_ns.push_back(sample.operation_ns);
  bool bracketed = sample.placement != Placement::kOneCpu;
  values.cost.push_back(bracketed ? sample.operation_ns / sample.ping_pong_ns : sample.operation_ns);
}

Medians Series::At(Placement placement) const {
  auto found = by_placement_.find(placement);
  if (found == by_placement_.end()) return {};
  const Values& values = found->second;
  return {values.operation_ns.size(), Median(values.operation_ns), Median(values.cost)};
}

std::vector<Placement> Series::Placements() const {
  std::vector<Placement> placements;
  for (const auto& entry : by_placement_) placements.push_back(entry.first);
  return placements;
}

}  // namespace toro::bench
