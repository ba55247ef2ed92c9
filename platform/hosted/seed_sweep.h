// SeedSweep: runs one program under many seeds, each in a process of its own.
//
// WHY processes. A run ends as a machine does, by power off, or by a fault that leaves nothing to go on with; a forked
// process can do both, has nothing of the run before, and costs a tenth of a millisecond.
//
// INVARIANTS
//   I1. The seed that is reported is the lowest that fails: those below it have all been run.
//   I2. One seed in kTwiceStride is run twice, and both runs must take the same steps.
//   I3. A run that takes more than kMostCpuSeconds of the processor's time has failed.
#ifndef PLATFORM_HOSTED_SEED_SWEEP_H_
#define PLATFORM_HOSTED_SEED_SWEEP_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/simulator/fault_plan.h"

namespace toro::hosted {

// What a run was, for who compares it with another one.
struct RunResult {
  uint64_t steps = 0;
  uint64_t trace_hash = 0;
  uint64_t faults[simulator::kFaults] = {};  // that happened, by class
};
// Where the run puts it before it ends; null: nowhere. Set by SweepSeeds.
extern RunResult* run_result;

struct Sweep {
  static constexpr uint64_t kTwiceStride = 16;
  static constexpr unsigned kMostCpuSeconds = 100;

  uint64_t first = 0;
  uint64_t last = 0;
  size_t jobs = 1;                    // processes at a time
  std::string again = "--seed=SEED";  // how to run the seed again for which SEED stands
};

// Returns once per seed, each time in a process of its own, which is to run it. The calling process ends here, with
// status 0 if no run failed, 1 if one did, and 128 + the signal that ended the sweep.
uint64_t SweepSeeds(const Sweep& sweep);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_SEED_SWEEP_H_
