// Simulation, in every build but the simulator's: nothing. See core/machine/simulation.h.
#ifndef CORE_MACHINE_NO_SIMULATION_SIMULATION_BACKEND_H_
#define CORE_MACHINE_NO_SIMULATION_SIMULATION_BACKEND_H_

#include "core/machine/fault_point.h"

namespace toro {

struct Simulation {
  static constexpr bool kOn = false;

  // What shared words are made of.
  template <typename Product>
  using Atomics = Product;

  // Shall the caller behave as if what `point` names had happened?
  static constexpr bool Fails(FaultPoint) { return false; }
};

}  // namespace toro

#endif  // CORE_MACHINE_NO_SIMULATION_SIMULATION_BACKEND_H_
