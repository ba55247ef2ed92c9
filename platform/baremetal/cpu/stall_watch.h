// StallWatch: a CPU finds out by its own timer that a thread of it does not yield.
//
// WHY by its own timer. Nothing is shared and nothing is sent: the interrupt comes on the CPU that is stuck, on whose
// stack the answer stands. A switch, a yield and a step know nothing of it. What it cannot see is a CPU that is stuck
// with its interrupts masked; the kernel masks them only on its way to sleep and in a fatal report.
//
// INVARIANTS
//   I1. While the watch is on and the CPU does not rest, its timer is armed for at most `stall_bound_ns` from now.
//   I2. A tick that finds the CPU where the tick before found it reports, once until the CPU goes on.
//   I3. A CPU that rests is not ticked: at most one tick is left over when it halts (halt.cc).
//
// COST. Off: one comparison in the timer interrupt. On: a timer interrupt per bound while the CPU works, and a look at
// the clock per halt.
#ifndef PLATFORM_BAREMETAL_CPU_STALL_WATCH_H_
#define PLATFORM_BAREMETAL_CPU_STALL_WATCH_H_

#include <cstdint>

#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/cpu_area.h"

namespace toro {

// core/kernel/cpu.h. Weak: an image without a core has none.
[[gnu::weak]] uint64_t CurrentProgress();

namespace baremetal {

// The CPU of `self`, which is the calling one, works again after a halt.
void KeepWatching(CpuBlock& self);

}  // namespace baremetal
}  // namespace toro

#endif  // PLATFORM_BAREMETAL_CPU_STALL_WATCH_H_
