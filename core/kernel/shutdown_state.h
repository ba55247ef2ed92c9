// What CPU 0 remembers about requests to stop (shutdown.h), for its step.
#ifndef CORE_KERNEL_SHUTDOWN_STATE_H_
#define CORE_KERNEL_SHUTDOWN_STATE_H_

#include "core/base/affinity.h"
#include "core/kernel/shutdown.h"

namespace toro {

class Cpu;

// Touched by CPU 0 only: its threads, its message context, and what interrupts it.
struct ShutdownState {
  ShutdownHook volatile hook = nullptr;
  volatile bool asked = false;  // for ever
  volatile bool start = false;  // the next step starts the thread
};
extern ShutdownState shutdown_state;

// The step of CPU 0, when `start` is set.
[[gnu::cold]] void StartShutdown(Cpu& boot_cpu) TORO_ON(boot_cpu);

}  // namespace toro

#endif  // CORE_KERNEL_SHUTDOWN_STATE_H_
