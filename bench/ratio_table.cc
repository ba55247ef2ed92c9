#include "bench/ratio_table.h"

#include <algorithm>
#include <cstdio>

namespace toro::bench {
namespace {

const Series* Find(const GroupSeries& series, const std::string& name) {
  auto found = series.find(name);
  return found == series.end() ? nullptr : &found->second;
}

// The name of the fastest peer at `placement`, or empty.
std::string BestPeer(const Group& group, const GroupSeries& series, Placement placement) {
  std::string best;
  double least = 0;
  for (const Contender& contender : group.contenders) {
    if (contender.role != Role::kPeer) continue;
    const Series* found = Find(series, contender.name);
    Medians medians = found == nullptr ? Medians{} : found->At(placement);
    if (medians.samples == 0 || (!best.empty() && medians.cost >= least)) continue;
    best = contender.name;
    least = medians.cost;
  }
  return best;
}

const char* RoleName(Role role) {
  switch (role) {
    case Role::kLimit: return "limit";
    case Role::kOurs: return "ours";
    case Role::kPeer: return "peer";
    case Role::kAlternative: return "alternative";
  }
  return "?";
}

const char* ReachedName(Reached reached) {
  switch (reached) {
    case Reached::kYes: return "yes";
    case Reached::kNo: return "NO";
    case Reached::kTooFewSamples: return "too few samples";
  }
  return "?";
}

void PrintContender(const Contender& contender, const Series& series, bool cross_cpu) {
  if (series.Placements().empty()) {
    std::printf("  %-44s %-11s no good sample (noisy)", contender.name.c_str(), RoleName(contender.role));
    std::printf("  %d moved, %d disturbed\n", series.moved(), series.disturbed());
    return;
  }
  for (Placement placement : series.Placements()) {
    Medians medians = series.At(placement);
    std::printf("  %-44s %-11s %10.2f ns", contender.name.c_str(), RoleName(contender.role), medians.operation_ns);
    if (cross_cpu) std::printf("  %s %8.3f", PlacementName(placement), medians.cost);
    std::printf("  n=%zu\n", medians.samples);
  }
}

}  // namespace

std::vector<RatioLine> CompareGroup(const Group& group, const GroupSeries& series) {
  std::vector<RatioLine> lines;
  for (const Goal& goal : group.goals) {
    const Series* ours = Find(series, goal.ours);
    if (ours == nullptr) continue;
    for (Placement placement : ours->Placements()) {
      std::string against = goal.against.empty() ? BestPeer(group, series, placement) : goal.against;
      const Series* other = Find(series, against);
      Medians mine = ours->At(placement);
      Medians theirs = other == nullptr ? Medians{} : other->At(placement);
      if (theirs.samples == 0) continue;
      RatioLine line{goal, group.name, against, placement, theirs.cost / mine.cost, Reached::kTooFewSamples};
      if (std::min(mine.samples, theirs.samples) >= kLeastSamples) {
        line.reached = line.ratio >= goal.factor ? Reached::kYes : Reached::kNo;
      }
      lines.push_back(line);
    }
  }
  return lines;
}

void PrintGroup(const Group& group, const GroupSeries& series) {
  bool cross_cpu = group.CrossCpu();
  std::printf("\n%s: median per %s%s\n", group.name.c_str(), group.operation.c_str(),
              cross_cpu ? ", placement, ratio to the ping-pong of its bracket" : "");
  int moved = 0;
  int disturbed = 0;
  for (const Contender& contender : group.contenders) {
    const Series* found = Find(series, contender.name);
    if (found == nullptr) continue;
    PrintContender(contender, *found, cross_cpu);
    moved += found->moved();
    disturbed += found->disturbed();
  }
  if (moved + disturbed > 0) {
    std::printf("  thrown away and taken again: %d moved, %d disturbed by other processes\n", moved, disturbed);
  }
  std::fflush(stdout);
}

void PrintRatios(const std::vector<RatioLine>& lines) {
  std::printf("\nRatios: how many times as fast ours is. Medians of samples taken in turns in this run.\n");
  std::printf("  %-8s %-16s %-32s %-32s %-4s %7s %7s  %s\n", "goal", "group", "ours", "against", "at", "ratio", "goal",
              "reached");
  for (const RatioLine& line : lines) {
    std::printf("  %-8s %-16s %-32s %-32s %-4s %6.2fx %6.2fx  %s\n", line.goal.source.c_str(), line.group.c_str(),
                line.goal.ours.c_str(), line.against.c_str(), PlacementName(line.placement), line.ratio,
                line.goal.factor, ReachedName(line.reached));
  }
}

}  // namespace toro::bench
