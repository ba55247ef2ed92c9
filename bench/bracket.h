// Bracket: takes samples that can be compared, and throws the others away.
//
// METHOD. A cross-CPU sample stands between two runs of the raw ping-pong (ping_pong.h). It counts when
//   - both runs fall into the same placement: the hypervisor did not move the CPUs in between;
//   - neither thread was off its CPU for more than kMostOffCpuShare of it: no other process took the CPU.
// Else it is taken again, up to kMostAttempts times; then it is given up and counted as such. What is reported is the
// time of one operation and its ratio to the mean of its own two ping-pongs, per placement.
//
// WHY thread time and not /proc/stat. Its ticks are 10 ms and a sample takes about as long. What another process takes
// from a pinned thread that never sleeps is exactly the wall time that the thread's own CPU clock does not show.
#ifndef BENCH_BRACKET_H_
#define BENCH_BRACKET_H_

#include <cstdint>
#include <map>
#include <string>

#include "bench/contender.h"
#include "bench/ping_pong.h"
#include "bench/pinned_pair.h"

namespace toro::bench {

// Where the two CPUs are, judged by the round trip between them.
enum class Placement {
  kOneCpu,       // the sample needs no second CPU
  kSameCore,     // hardware threads of one core
  kSharedCache,  // two cores below one last-level cache
  kFar           // no cache in common
};

const char* PlacementName(Placement placement);
Placement PlacementOf(double round_trip_ns);

enum class Verdict { kGood, kMoved, kDisturbed, kWrong };

struct Sample {
  Verdict verdict = Verdict::kGood;
  Placement placement = Placement::kOneCpu;
  double operation_ns = 0;
  double ping_pong_ns = 0;  // of the bracket; 0 on one CPU
  int moved = 0;            // attempts thrown away, by cause
  int disturbed = 0;
};

class Bracket {
 public:
  static constexpr double kMostOffCpuShare = 0.04;
  static constexpr int kMostAttempts = 6;
  static constexpr uint64_t kPingPongRounds = 5'000;
  static constexpr double kSampleNs = 5e6;

  // `smoke`: one attempt with few operations, and only the results matter.
  Bracket(PinnedPair& pair, bool smoke) : pair_(pair), smoke_(smoke) {}

  // One sample of `contender`. The first one of each contender also finds how many operations take about kSampleNs.
  Sample Take(const Group& group, const Contender& contender);

  bool has_two_cpus() const { return pair_.has_far(); }

  // One round trip of the raw ping-pong, ns.
  double PingPongNs();

 private:
  Sample Attempt(const Contender& contender, uint64_t operations);
  uint64_t OperationsOf(const Group& group, const Contender& contender);

  PinnedPair& pair_;
  const bool smoke_;
  PingPong<> ping_pong_;
  std::map<std::string, uint64_t> operations_;
};

}  // namespace toro::bench

#endif  // BENCH_BRACKET_H_
