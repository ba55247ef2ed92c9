// How the CPUs of this machine wait (idle_policy.h): decided once, at boot.
#ifndef PLATFORM_BAREMETAL_CPU_IDLE_H_
#define PLATFORM_BAREMETAL_CPU_IDLE_H_

#include <string_view>

#include "platform/baremetal/cpu/idle_policy.h"

namespace toro::baremetal {

// Decides by the value of `idle=`, or by what the CPU offers when it is empty. Returns null, or why that cannot be.
// Boot CPU, once, before any CPU halts.
const char* DecideIdle(std::string_view word);

// Prints the way and its reason. CPU 0.
void PrintIdle();

// Before any CPU halts, or from a CPU that knows that no other does.
void SetIdleDepth(IdleDepth depth);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_IDLE_H_
