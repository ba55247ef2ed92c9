// Simulation: what the core tells the simulator and lets it decide, as inline functions that are empty in every other
// build.
//
// WHY. As for machine.h: the build chooses which simulation_backend.h is on the include path (BUILD.bazel). The one
// beside this file is nothing: its functions return constants, its types are empty. The other one is the simulator's
// (platform/simulator, docs/simulator.md).
#ifndef CORE_MACHINE_SIMULATION_H_
#define CORE_MACHINE_SIMULATION_H_

#include "simulation_backend.h"

#endif  // CORE_MACHINE_SIMULATION_H_
