// DeterministicExecutor: all CPUs on one pthread; a seed chooses who steps next, and time is virtual.
//
// INVARIANTS
//   I1. The run is a function of the program, its inputs and the seed: same seed, same trace, whatever the host does.
//   I2. A CPU that halts is not stepped until it is woken or its deadline has come.
//   I3. When every CPU halts, time jumps to the nearest deadline; when there is none, the run is deadlocked and says
//       so.
#ifndef PLATFORM_HOSTED_DETERMINISTIC_EXECUTOR_H_
#define PLATFORM_HOSTED_DETERMINISTIC_EXECUTOR_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "platform/hosted/executor.h"

namespace toro::hosted {

class DeterministicExecutor : public Executor {
 public:
  // `most_steps` = 0: no bound.
  DeterministicExecutor(size_t cpus, uint64_t seed, uint64_t most_steps, bool print_trace_hash);

  // Steps the CPUs until the machine powers off.
  [[noreturn]] void Run(Cluster& cluster);

  void WakeCpu(CpuId cpu) override;
  void HaltCpu(uint64_t deadline_ns) override;
  uint64_t NowNs() override { return now_ns_; }
  bool deterministic() const override { return true; }
  void Relax() override {}
  void ReportOthers() override;
  void BeforePowerOff(int status) override;

 private:
  struct SimulatedCpu {
    uint64_t deadline_ns = kNever;  // of the halt
    bool halted = false;
    bool wake_pending = false;
  };

  // What a step costs in virtual time.
  static constexpr uint64_t kStepNs = 100;

  uint64_t Random();
  void Record(uint64_t event);
  bool PickCpu(CpuId& chosen);
  void JumpToNextDeadline();

  size_t cpus_;
  uint64_t random_;
  uint64_t most_steps_;
  bool print_trace_hash_;
  uint64_t now_ns_ = kNsPerSecond;
  uint64_t steps_ = 0;
  uint64_t trace_hash_ = 0xcbf29ce484222325;
  CpuId stepping_;
  SimulatedCpu simulated_[kMaxCpus];
};

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_DETERMINISTIC_EXECUTOR_H_
