// Simulation, in the simulator's build: what the core calls. See core/machine/simulation.h.
#ifndef PLATFORM_SIMULATOR_SIMULATION_BACKEND_H_
#define PLATFORM_SIMULATOR_SIMULATION_BACKEND_H_

#include "core/machine/fault_point.h"
#include "platform/simulator/fault_plan.h"
#include "platform/simulator/simulated_atomics.h"

namespace toro {

struct Simulation {
  static constexpr bool kOn = true;

  template <typename Product>
  using Atomics = simulator::SimulatedAtomics;

  static bool Fails(FaultPoint point) { return simulator::fault_plan.Fires(static_cast<simulator::Fault>(point)); }
};

}  // namespace toro

#endif  // PLATFORM_SIMULATOR_SIMULATION_BACKEND_H_
