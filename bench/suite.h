// Suite: runs the groups, each contender in turn, round after round, on google-benchmark.
//
// WHY rounds. Contenders that are compared must meet the same moments of a machine that changes: so round 1 takes one
// sample of each contender of the group, round 2 the next, and a median is over rounds. google-benchmark runs each
// contender as one iteration with manual time; the time comes from Bracket::Take.
//
// BOUNDS. A group stops after kRounds, or when kGroupSeconds have passed; so a noisy machine gives fewer samples, never
// a hang. A sample that does not end within kSampleSeconds ends the program with a message that names it.
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
  static constexpr int kRounds = 15;
  static constexpr double kGroupSeconds = 25;
  static constexpr unsigned kSampleSeconds = 60;

  Suite(Bracket& bracket, bool smoke) : bracket_(bracket), smoke_(smoke) {}

  void Add(Group group) { groups_.push_back(std::move(group)); }

  // Runs every group whose name has a match of the regular expression `filter`. The exit status: 0; 1 when a result was
  // wrong; 2 when the filter is wrong.
  int Run(const std::string& filter);

  const std::vector<Group>& groups() const { return groups_; }

 private:
  GroupSeries RunGroup(const Group& group);
  Sample TakeOne(const Group& group, const Contender& contender);
  int CountWrong(const Group& group, const GroupSeries& series) const;

  Bracket& bracket_;
  const bool smoke_;
  std::vector<Group> groups_;
};

}  // namespace toro::bench

#endif  // BENCH_SUITE_H_
