// StallWatch: a CPU finds out by its own timer that a thread of it does not yield; and that another CPU's timer is not
// heard any more.
//
// WHY by its own timer. The interrupt comes on the CPU that is stuck, on whose stack the answer stands. A switch, a
// yield and a step know nothing of it.
//
// WHO looks after a CPU that is stuck with its interrupts masked. Each CPU writes at each tick when that was, its beat.
// CPU 0 looks at the beats of all others, CPU 1 at that of CPU 0, and these two do so even while they rest: the rest of
// the machine may be the only one that works. Who is overdue gets an NMI, and reports itself if the NMI found it
// masked, twice in a row. A virtual CPU that its host keeps waiting is overdue, too, but not masked.
//
// INVARIANTS
//   I1. While the watch is on and the CPU does not rest, its timer is armed for at most `stall_bound_ns` from now.
//   I2. A tick that finds the CPU where the tick before found it reports, once until the CPU goes on.
//   I3. A CPU that rests has no beat, and is not ticked, but for CPUs 0 and 1: at most one tick is left over when it
//       halts. A tick does not end a halt.
//   I4. A beat is written by its CPU only.
//
// COST. Off: one comparison in the timer interrupt. On: a timer interrupt per bound while the CPU works, and on CPUs 0
// and 1 always; two looks at the clock per halt.
#ifndef PLATFORM_BAREMETAL_CPU_STALL_WATCH_H_
#define PLATFORM_BAREMETAL_CPU_STALL_WATCH_H_

#include <cstdint>

#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/interrupts.h"

namespace toro {

// core/kernel/cpu.h. Weak: an image without a core has none.
[[gnu::weak]] uint64_t CurrentProgress();

namespace baremetal {

// The CPU of `self`, which is the calling one, is about to halt: until when, for the sake of the watch. Interrupts are
// masked.
uint64_t BeginRest(CpuBlock& self);

// It works again.
void EndRest(CpuBlock& self);

// Whether the NMI with that frame is the question of another CPU whether this one is stuck. It has had its effect then.
bool TakeStallNmi(const ExceptionFrame& frame);

}  // namespace baremetal
}  // namespace toro

#endif  // PLATFORM_BAREMETAL_CPU_STALL_WATCH_H_
