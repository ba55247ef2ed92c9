#include "bench/bracket.h"

#include <algorithm>

namespace toro::bench {
namespace {

// Between the clusters seen on current x86-64 servers: 45-65, 95-200, and above 400 ns.
constexpr double kSameCoreMostNs = 85;
constexpr double kSharedCacheMostNs = 300;

}  // namespace

const char* PlacementName(Placement placement) {
  switch (placement) {
    case Placement::kOneCpu: return "one";
    case Placement::kSameCore: return "smt";
    case Placement::kSharedCache: return "ccx";
    case Placement::kFar: return "far";
  }
  return "?";
}

Placement PlacementOf(double round_trip_ns) {
  if (round_trip_ns < kSameCoreMostNs) return Placement::kSameCore;
  if (round_trip_ns < kSharedCacheMostNs) return Placement::kSharedCache;
  return Placement::kFar;
}

double Bracket::PingPongNs() {
  uint64_t rounds = smoke_ ? 100 : kPingPongRounds;
  PairTime time = pair_.Run([this](uint64_t n) { return ping_pong_.Near(n); },
                            [this](uint64_t n) { return ping_pong_.Far(n); }, rounds);
  return time.elapsed_ns / static_cast<double>(rounds);
}

Sample Bracket::Attempt(const Contender& contender, uint64_t operations) {
  Sample sample;
  double before = contender.far ? PingPongNs() : 0;
  PairTime time = pair_.Run(contender.near, contender.far, operations);
  sample.operation_ns = time.elapsed_ns / static_cast<double>(operations);
  if (contender.far) {
    double after = PingPongNs();
    sample.ping_pong_ns = (before + after) / 2;
    sample.placement = PlacementOf(before);
    if (PlacementOf(after) != sample.placement) sample.verdict = Verdict::kMoved;
  }
  if (!contender.sleeps && time.off_cpu_share > kMostOffCpuShare) sample.verdict = Verdict::kDisturbed;
  if (smoke_) sample.verdict = Verdict::kGood;
  if (!time.correct) sample.verdict = Verdict::kWrong;
  return sample;
}

uint64_t Bracket::OperationsOf(const Group& group, const Contender& contender) {
  if (smoke_) return group.smoke_operations;
  uint64_t& operations = operations_[group.name + "/" + contender.name];
  if (operations != 0) return operations;
  // A trial that was disturbed says too little per operation; so it is repeated, but not for ever.
  int disturbed = 0;
  pair_.Run(contender.near, contender.far, group.least_operations);  // what is done once is done now
  for (uint64_t trial = group.least_operations;;) {
    PairTime time = pair_.Run(contender.near, contender.far, trial);
    bool good = contender.sleeps || time.off_cpu_share <= kMostOffCpuShare || ++disturbed > kMostAttempts;
    bool long_enough = time.elapsed_ns >= kSampleNs / 8 || trial == group.most_operations;
    if (good && long_enough) {
      double wanted = kSampleNs * static_cast<double>(trial) / time.elapsed_ns;
      return operations = std::clamp(static_cast<uint64_t>(wanted), group.least_operations, group.most_operations);
    }
    if (!long_enough) trial = std::min(trial * 4, group.most_operations);
  }
}

Sample Bracket::Take(const Group& group, const Contender& contender) {
  uint64_t operations = OperationsOf(group, contender);
  int moved = 0;
  int disturbed = 0;
  for (int attempt = 1;; ++attempt) {
    Sample sample = Attempt(contender, operations);
    moved += sample.verdict == Verdict::kMoved;
    disturbed += sample.verdict == Verdict::kDisturbed;
    bool settled = sample.verdict == Verdict::kGood || sample.verdict == Verdict::kWrong;
    if (!settled && attempt < kMostAttempts) continue;
    double elapsed_ns = sample.operation_ns * static_cast<double>(operations);
    bool too_short = elapsed_ns < kSampleNs / 4 && operations < group.most_operations;
    if (too_short) operations_.erase(group.name + "/" + contender.name);  // to be found anew
    sample.moved = moved;
    sample.disturbed = disturbed;
    return sample;
  }
}

}  // namespace toro::bench
