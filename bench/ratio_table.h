// RatioTable: what the suite prints. Per group the medians, and at the end one line per goal and placement.
#ifndef BENCH_RATIO_TABLE_H_
#define BENCH_RATIO_TABLE_H_

#include <map>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/series.h"

namespace toro::bench {

// By contender's name.
using GroupSeries = std::map<std::string, Series>;

// A median of fewer samples than this is shown, and settles nothing.
inline constexpr size_t kLeastSamples = 5;

enum class Reached { kYes, kNo, kTooFewSamples };

// One goal of one group at one placement.
struct RatioLine {
  Goal goal;
  std::string group;
  std::string against;  // the contender that `ours` was compared with
  Placement placement = Placement::kOneCpu;
  double ratio = 0;  // how many times as fast as `against` ours is
  Reached reached = Reached::kTooFewSamples;
};

// The lines of the goals of `group`; none for a placement at which ours or the other has no sample.
std::vector<RatioLine> CompareGroup(const Group& group, const GroupSeries& series);

void PrintGroup(const Group& group, const GroupSeries& series);
void PrintRatios(const std::vector<RatioLine>& lines);

}  // namespace toro::bench

#endif  // BENCH_RATIO_TABLE_H_
