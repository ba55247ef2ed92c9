// FaultPlan: what goes wrong in a run, and when.
//
// A PLAN is a list of faults, separated by commas:
//   NAME        about one time in as many as kFaultClasses says
//   NAME=N      about one time in N
//   NAME@N      exactly the N-th time, from 1; may be repeated
//   none        nothing, and nothing beside it
//   swarm       the seed chooses: each class or not, and how often
// "Time" is whatever the class can befall: a wake-up that is sent, a step, an allocation.
//
// INVARIANTS
//   I1. Each class decides by a random stream of its own: to leave one out changes no decision of another.
//   I2. What has happened (fired) is known as a plan that makes exactly the same happen: NAME@N for each.
#ifndef PLATFORM_SIMULATOR_FAULT_PLAN_H_
#define PLATFORM_SIMULATOR_FAULT_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "core/machine/fault_point.h"
#include "platform/simulator/host_memory.h"
#include "platform/simulator/random_stream.h"

namespace toro::simulator {

// The first kFaultPoints are FaultPoint.
enum class Fault : uint8_t {
  kSlotFull,
  kChannelFull,
  kQueueLong,
  kOutOfMemory,
  kLateIpi,      // a wake-up takes long
  kLostIpi,      // a wake-up is lost, and sent again after a while
  kSpuriousIpi,  // a CPU is woken for nothing
  kStall,        // a CPU does not step for a while
  kClockJump,    // the clock jumps forward
  kDroppedIpi,   // a wake-up is lost for good. No machine does that: it is for the test of who looks for lost wake-ups
};
inline constexpr size_t kFaults = 10;
inline constexpr size_t kSurvivableFaults = 9;  // those that a swarm has
static_assert(static_cast<size_t>(Fault::kOutOfMemory) + 1 == kFaultPoints);

struct FaultClass {
  std::string_view name;
  uint32_t usual_rate;  // one in so many
};
extern const FaultClass kFaultClasses[kFaults];

class FaultPlan {
 public:
  // Reads `text`. Returns an empty string, or what is wrong and how to do it right.
  std::string Parse(std::string_view text);

  // Draws what the plan leaves to the seed. Once, before the first Fires.
  void Begin(uint64_t seed);

  // Does `fault` happen this time?
  bool Fires(Fault fault) {
    Class& c = classes_[static_cast<size_t>(fault)];
    return __builtin_expect(--c.until == 0, 0) && FiresNow(c);
  }

  // How often it has happened, and could have happened.
  uint64_t fired(Fault fault) const { return Of(fault).fired.size(); }
  uint64_t times(Fault fault) const;
  bool any() const;

  // "late-ipi 3 of 17, stall 1 of 2000", for the classes that the plan has. These two take no memory.
  void PrintSummary(FILE* to) const;
  // I2; "none" when nothing has happened.
  void PrintExactly(FILE* to) const;

 private:
  static constexpr uint64_t kNeverFires = uint64_t{1} << 62;

  struct Class {
    uint64_t until = kNeverFires;  // times until the next one happens
    uint64_t passed = 0;           // times that had passed when `until` was last set
    uint64_t set_to = kNeverFires;
    uint64_t rate = 0;            // 0: never, but for `exact`
    std::vector<uint64_t> exact;  // ascending
    size_t next_exact = 0;
    RandomStream random{0, 0};
    HostVector<uint64_t> fired;  // which times
  };

  const Class& Of(Fault fault) const { return classes_[static_cast<size_t>(fault)]; }
  bool FiresNow(Class& c);
  static void SetNext(Class& c);

  bool swarm_ = false;
  Class classes_[kFaults];
};

// Of this process.
extern FaultPlan fault_plan;

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_FAULT_PLAN_H_
