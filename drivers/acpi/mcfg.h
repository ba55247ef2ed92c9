// The table of PCI Express configuration space in memory (MCFG) [pcifw 4.1.2].
#ifndef DRIVERS_ACPI_MCFG_H_
#define DRIVERS_ACPI_MCFG_H_

#include <cstdint>

#include "drivers/acpi/tables.h"

namespace toro::acpi {

// The configuration space of buses first_bus..last_bus of segment 0 lies at `address`, one MiB per bus, as if it began
// with bus 0.
struct ConfigWindow {
  uint64_t address = 0;  // 0: none
  uint8_t first_bus = 0;
  uint8_t last_bus = 0;
};

// Of segment 0, which is where bus 0 is. None if the table has no sound entry for it.
ConfigWindow ReadConfigWindow(const Table& mcfg);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_MCFG_H_
