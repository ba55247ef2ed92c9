// Suite: runs the groups, each contender in turn, round after round, on google-benchmark.
//
// WHY rounds. Contenders that are compared must meet the same moments of a machine that changes: so round 1 takes one
// sample of each contender of the group, round 2 the next, and a median is over rounds. google-benchmark runs each
// contender as one iteration with manual time; the time comes from Bracket::Take.
//
// WHY passes. A hypervisor leaves CPUs where they are for seconds. All groups are run kPasses times over, so that each
// meets more than one placement.
//
// BOUNDS. A pass of a group ends after kRounds, or when kGroupSeconds have passed; so a noisy machine gives fewer
// samples, never a hang. A sample that does not end within kSampleSeconds ends the program with a message that names
// it.
#ifndef BENCH_SUITE_H_
#define BENCH_SUITE_H_

#include <string>
#include <vector>

#include "bench/bracket.h"
#include "bench/contender.h"
#include "bench/ratio_table.h"

namespace toro::bench {

class Suite {
 public:
  static constexpr int kPasses = 4;
  static constexpr int kRounds = 11;
  static constexpr double kGroupSeconds = 8;
  static constexpr unsigned kSampleSeconds = 60;

  Suite(Bracket& bracket, bool smoke) : bracket_(bracket), smoke_(smoke) {}

  void Add(Group group) { groups_.push_back(std::move(group)); }

  // Runs every group whose name has a match of the regular expression `filter`. The exit status: 0; 1 when a result was
  // wrong; 2 when the filter is wrong.
  int Run(const std::string& filter);

  const std::vector<Group>& groups() const { return groups_; }

 private:
  // The groups whose names match `filter` and that this machine has CPUs for; empty after a message on standard error.
  std::vector<const Group*> Choose(const std::string& filter) const;
  void RunGroup(const Group& group, GroupSeries& series);
  Sample TakeOne(const Group& group, const Contender& contender);
  int CountWrong(const Group& group, const GroupSeries& series) const;

  Bracket& bracket_;
  const bool smoke_;
  std::vector<Group> groups_;
};

}  // namespace toro::bench

#endif  // BENCH_SUITE_H_
