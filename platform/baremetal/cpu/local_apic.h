// The local APIC of the calling CPU, in the mode that this machine has: wake-ups, starting and stopping CPUs, the
// timer.
#ifndef PLATFORM_BAREMETAL_CPU_LOCAL_APIC_H_
#define PLATFORM_BAREMETAL_CPU_LOCAL_APIC_H_

#include <cstdint>

#include "core/base/cpu_id.h"

namespace toro::baremetal {

// Finds out the mode and masks the 8259s. Boot CPU, once. Returns the physical address of the registers, to be mapped,
// or 0 if they are MSRs.
uint64_t DetectLocalApic();

// Switches the calling CPU's on. Each CPU, once.
void EnableLocalApic();

// Of the calling CPU; before EnableLocalApic, too.
uint32_t ReadLocalApicId();

void SendWake(uint32_t apic_id);
// Without disturbing a Send that it interrupts.
void SendWakeToSelf();
void SendInit(uint32_t apic_id);
void SendStartUp(uint32_t apic_id, uint8_t page);

// From an interrupt, too.
void SendNonMaskable(uint32_t apic_id);

// Makes all other CPUs halt for ever. Any CPU, any context; harmless before EnableLocalApic.
void StopOtherCpus();

// Whether a non-maskable interrupt means StopOtherCpus.
bool IsStopping();

// Interrupts the calling CPU at `deadline_ns`, or a little later; earlier if the timer cannot count so far.
void ArmTimer(uint64_t now_ns, uint64_t deadline_ns);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_LOCAL_APIC_H_
