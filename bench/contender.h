// What the suite measures: groups of contenders that do the same work, ours beside its peers.
#ifndef BENCH_CONTENDER_H_
#define BENCH_CONTENDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace toro::bench {

// Does `operations` operations and says whether every result was right. Both sides of a pair get the same number.
using Job = std::function<bool(uint64_t operations)>;

class Worker;

enum class Role {
  kLimit,       // what the machine can do at best, written by hand
  kOurs,        // code of this repository
  kPeer,        // somebody else's, doing the same
  kAlternative  // a design that we measure and do not (yet) use
};

struct Contender {
  std::string name;
  Role role = Role::kPeer;
  Job near;  // on the first CPU; the time until both sides are done is the sample
  Job far;   // on the second CPU at the same time; empty when one CPU is enough

  // Gives its CPU away as part of the work (futex, pthread): time off the CPU is then no sign of a disturbance.
  bool sleeps = false;

  // The process that takes the samples of this contender; null: this one.
  Worker* worker = nullptr;
};

// "ours is at least `factor` times as fast as `against`".
struct Goal {
  std::string source;   // the row of the list of goals, "goal 2"
  std::string ours;     // a contender's name
  std::string against;  // a contender's name; empty: the fastest peer
  double factor;
};

struct Group {
  std::string name;
  std::string operation;  // what one operation is: "round trip", "item"
  std::vector<Contender> contenders;
  std::vector<Goal> goals;
  uint64_t smoke_operations = 1000;
  uint64_t least_operations = 64;                // fewer would measure what surrounds them
  uint64_t most_operations = uint64_t{1} << 40;  // a sample never does more

  bool CrossCpu() const {
    for (const Contender& contender : contenders) {
      if (contender.far) return true;
    }
    return false;
  }
};

}  // namespace toro::bench

#endif  // BENCH_CONTENDER_H_
