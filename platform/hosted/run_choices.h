// RunChoices: how a deterministic run is chosen, beside its seed.
#ifndef PLATFORM_HOSTED_RUN_CHOICES_H_
#define PLATFORM_HOSTED_RUN_CHOICES_H_

#include <cstdint>

#include "core/machine/simulation.h"
#include "platform/simulator/step_order.h"

namespace toro::hosted {

struct RunChoices {
  static constexpr uint64_t kDrawn = ~uint64_t{0};

  simulator::OrderKind order = Simulation::kOn ? simulator::OrderKind::kSwarm : simulator::OrderKind::kUniform;
  bool list_faults = false;  // a run that fails says which faults happened, as a plan
  // In ticks (store_buffers.h); kDrawn: the seed chooses.
  uint64_t most_store_delay = Simulation::kOn ? kDrawn : 0;
};

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_RUN_CHOICES_H_
