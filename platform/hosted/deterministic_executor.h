// DeterministicExecutor: all CPUs on one pthread; a seed chooses who steps next, and time is virtual.
//
// WHY. The platform owns the loop and the core owns the step, so an executor that takes one step at a time of any CPU
// decides everything that is left to chance between CPUs. In the simulator's build (docs/simulator.md) it also decides
// when stores become visible, when wake-ups arrive, and what fails.
//
// INVARIANTS
//   I1. The run is a function of the program, its inputs and the seed: same seed, same trace, whatever the host does.
//   I2. A CPU that halts is not stepped until it is woken or its deadline has come. A wake-up that comes while it is
//       awake ends its next halt.
//   I3. When no CPU can step, first what is on its way arrives (stores, wake-ups, the end of a stall). Then time jumps
//       to the nearest deadline; when there is none, the run is deadlocked and says so.
#ifndef PLATFORM_HOSTED_DETERMINISTIC_EXECUTOR_H_
#define PLATFORM_HOSTED_DETERMINISTIC_EXECUTOR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "platform/hosted/executor.h"
#include "platform/hosted/run_choices.h"
#include "platform/simulator/cpu_set.h"
#include "platform/simulator/event_queue.h"
#include "platform/simulator/step_order.h"

namespace toro::hosted {

class DeterministicExecutor : public Executor {
 public:
  // `most_steps` = 0: no bound.
  DeterministicExecutor(size_t cpus, uint64_t seed, const RunChoices& choices, uint64_t most_steps,
                        bool print_trace_hash);

  // Steps the CPUs until the machine powers off.
  [[noreturn]] void Run(Cluster& cluster);

  void WakeCpu(CpuId cpu) override;
  void WakeBySignal(CpuId cpu) override;
  void HaltCpu(uint64_t deadline_ns) override;
  uint64_t NowNs() override { return now_ns_; }
  bool deterministic() const override { return true; }
  void Relax() override {}
  void ReportOthers() override;
  void BeforePowerOff(int status) override;
  void ReportRun() override;

 private:
  // What a step costs in virtual time.
  static constexpr uint64_t kStepNs = 100;

  struct Drawn {
    simulator::OrderKind order;
    uint64_t mean_steps;
    unsigned delay_bits;
    bool list_faults;
  };
  static Drawn Draw(uint64_t seed, const RunChoices& choices);
  static void SendWakeUp(CpuId cpu);

  DeterministicExecutor(size_t cpus, uint64_t seed, const Drawn& drawn, uint64_t most_steps, bool print_trace_hash);
  void Record(uint64_t event);
  void Arrive(const simulator::Event& event);
  void Wake(CpuId cpu);
  void EndHalt(CpuId cpu);
  void WakeOverdue();
  void PassTime();
  void BefallStep();
  void Check(Cpu& cpu) const;
  void CountStep();

  size_t cpus_;
  uint64_t seed_;
  Drawn drawn_;
  uint64_t most_steps_;
  bool print_trace_hash_;
  simulator::StepOrder order_;
  simulator::RandomStream machine_;  // how late, how long
  simulator::EventQueue events_;
  uint64_t now_ns_ = kNsPerSecond;
  uint64_t next_deadline_ns_ = kNever;  // of all halts; may be of one that has ended
  uint64_t steps_ = 0;
  uint64_t trace_hash_ = 0xcbf29ce484222325;
  CpuId stepping_;
  simulator::CpuSet awake_;
  simulator::CpuSet stalled_;
  simulator::CpuSet woken_;  // while awake
  uint64_t deadline_ns_[kMaxCpus];
  std::atomic<bool> signalled_{false};
};

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_DETERMINISTIC_EXECUTOR_H_
