// Simulation, in the simulator's build: what the core calls. See core/machine/simulation.h.
#ifndef PLATFORM_SIMULATOR_SIMULATION_BACKEND_H_
#define PLATFORM_SIMULATOR_SIMULATION_BACKEND_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/machine/fault_point.h"
#include "platform/simulator/checkers.h"
#include "platform/simulator/fault_plan.h"
#include "platform/simulator/simulated_atomics.h"

namespace toro {

struct Simulation {
  static constexpr bool kOn = true;

  template <typename Product>
  using Atomics = simulator::SimulatedAtomics;

  static bool Fails(FaultPoint point) { return simulator::fault_plan.Fires(static_cast<simulator::Fault>(point)); }

  static void MessagePosted(CpuId from, CpuId to, const void* message) {
    simulator::checkers.messages.Posted(from, to, message);
  }
  static void MessageDelivered(CpuId from, CpuId to, const void* message) {
    simulator::checkers.messages.Delivered(from, to, message);
  }
  template <typename Handler>
  static void LinePublished(CpuId from, CpuId to, Handler handler, size_t count) {
    simulator::checkers.messages.Published(from, to, LineOf(handler, count));
  }
  template <typename Handler>
  static void LineTaken(CpuId from, CpuId to, Handler handler, size_t count) {
    simulator::checkers.messages.Taken(from, to, LineOf(handler, count));
  }

  using ThreadMark = simulator::ThreadMark;
  static void ThreadReady(CpuId here, ThreadMark& mark) { simulator::checkers.threads.Ready(here, mark); }
  static void ThreadRuns(CpuId here, ThreadMark& mark) { simulator::checkers.threads.Runs(here, mark); }
  static void ThreadWaits(CpuId here, ThreadMark& mark) { simulator::checkers.threads.Waits(here, mark); }
  static void ThreadLeaves(CpuId here, CpuId to, ThreadMark& mark) {
    simulator::checkers.threads.Leaves(here, to, mark);
  }
  static void ThreadArrives(CpuId here, ThreadMark& mark) { simulator::checkers.threads.Arrives(here, mark); }
  static void ThreadEnds(CpuId here, ThreadMark& mark) { simulator::checkers.threads.Ends(here, mark); }

  static void Allocated(CpuId owner, const void* object, size_t bytes) {
    simulator::checkers.memory.Allocated(owner, object, bytes);
  }
  static void Freed(CpuId owner, const void* object, size_t bytes) {
    simulator::checkers.memory.Freed(owner, object, bytes);
  }

 private:
  template <typename Handler>
  static uint64_t LineOf(Handler handler, size_t count) {
    return reinterpret_cast<uint64_t>(handler) ^ uint64_t { count } << 56;
  }
};

}  // namespace toro

#endif  // PLATFORM_SIMULATOR_SIMULATION_BACKEND_H_
