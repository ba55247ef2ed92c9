// Simulation, in every build but the simulator's: nothing. See core/machine/simulation.h.
#ifndef CORE_MACHINE_NO_SIMULATION_SIMULATION_BACKEND_H_
#define CORE_MACHINE_NO_SIMULATION_SIMULATION_BACKEND_H_

#include <cstddef>

#include "core/base/cpu_id.h"
#include "core/machine/fault_point.h"

namespace toro {

struct Simulation {
  static constexpr bool kOn = false;

  // What shared words are made of.
  template <typename Product>
  using Atomics = Product;

  // Shall the caller behave as if what `point` names had happened?
  static constexpr bool Fails(FaultPoint) { return false; }

  // For the checkers. A message, or a line with `count` words for `handler`, is sent, and has arrived.
  static void MessagePosted(CpuId, CpuId, const void*) {}
  static void MessageDelivered(CpuId, CpuId, const void*) {}
  template <typename Handler>
  static void LinePublished(CpuId, CpuId, Handler, size_t) {}
  template <typename Handler>
  static void LineTaken(CpuId, CpuId, Handler, size_t) {}

  // What is known of a thread; lies in it.
  struct ThreadMark {};
  static void ThreadReady(CpuId, ThreadMark&) {}
  static void ThreadRuns(CpuId, ThreadMark&) {}
  static void ThreadWaits(CpuId, ThreadMark&) {}
  static void ThreadLeaves(CpuId, CpuId, ThreadMark&) {}
  static void ThreadArrives(CpuId, ThreadMark&) {}
  static void ThreadEnds(CpuId, ThreadMark&) {}

  // An object of the partition of `owner`, and what it takes there.
  static void Allocated(CpuId, const void*, size_t) {}
  static void Freed(CpuId, const void*, size_t) {}
};

}  // namespace toro

#endif  // CORE_MACHINE_NO_SIMULATION_SIMULATION_BACKEND_H_
