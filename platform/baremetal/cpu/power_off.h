// How the machine is switched off.
#ifndef PLATFORM_BAREMETAL_CPU_POWER_OFF_H_
#define PLATFORM_BAREMETAL_CPU_POWER_OFF_H_

#include "drivers/acpi/fadt.h"
#include "drivers/reg/physical_memory.h"

namespace toro::baremetal {

// Tells PowerOff what ACPI knows. `memory` must read the DSDT for ever. Boot CPU, once; without it PowerOff does
// without ACPI.
void SetAcpiPowerOff(const acpi::Fadt& fadt, const reg::PhysicalMemory& memory);

// What PowerOff does first, with interrupts masked. Boot CPU, once.
void SetBeforePowerOff(void (*function)());

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_POWER_OFF_H_
