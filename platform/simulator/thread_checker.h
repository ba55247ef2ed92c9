// ThreadChecker: every thread is at one place, only its CPU touches it, and one that is ready runs soon.
//
// RULES
//   ownership  a thread is in the ring of one CPU, or waits on one CPU, or travels to one CPU
//   affinity   what happens to it there, that CPU does
//   liveness   a ready thread runs within 4 steps of its CPU per ready thread, and kSlack more
#ifndef PLATFORM_SIMULATOR_THREAD_CHECKER_H_
#define PLATFORM_SIMULATOR_THREAD_CHECKER_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "platform/simulator/host_memory.h"

namespace toro::simulator {

// What is known of a thread; lies in it.
struct ThreadMark {
  enum class State : uint8_t { kNew, kReady, kWaits, kTravels, kEnded };

  State state = State::kNew;
  CpuId cpu;           // where it is, or goes
  size_t place = 0;    // among the ready ones
  uint64_t since = 0;  // steps of the CPU, when it became ready or last ran
};

class ThreadChecker {
 public:
  static constexpr uint64_t kSlack = 256;

  void Ready(CpuId here, ThreadMark& mark);
  void Runs(CpuId here, ThreadMark& mark);
  void Waits(CpuId here, ThreadMark& mark);  // or is suspended, or about to leave: is in the ring no more
  void Leaves(CpuId here, CpuId to, ThreadMark& mark);
  void Arrives(CpuId here, ThreadMark& mark);
  void Ends(CpuId here, ThreadMark& mark);

  // CPU `cpu` begins a step.
  void Step(CpuId cpu) { ++steps_[cpu.index()]; }
  // Now and then.
  void CheckReady(CpuId cpu) const;

 private:
  void Expect(bool holds, const char* rule, CpuId here, const ThreadMark& mark, const char* what) const;
  void Remove(ThreadMark& mark);

  uint64_t steps_[kMaxCpus] = {};
  HostVector<ThreadMark*> ready_[kMaxCpus];
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_THREAD_CHECKER_H_
