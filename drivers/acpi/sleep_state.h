// The one thing in the firmware's byte code that we need: the values that mean "soft off" [acpi 7.4.2.6].
//
// WHY no interpreter. \_S5 is a package of constants on every machine; its encoding is fixed, and to search for it is
// 40 lines where an interpreter is 100,000.
#ifndef DRIVERS_ACPI_SLEEP_STATE_H_
#define DRIVERS_ACPI_SLEEP_STATE_H_

#include <cstdint>

#include "drivers/reg/physical_memory.h"

namespace toro::acpi {

struct SleepTypes {
  uint8_t a = 0;  // for the PM1a control register, and for the sleep control register
  uint8_t b = 0;  // for PM1b
};

// Searches the DSDT at `dsdt` for the package \_S5. False if the table is damaged or has none.
bool FindSoftOff(const reg::PhysicalMemory& memory, uint64_t dsdt, SleepTypes& types);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_SLEEP_STATE_H_
