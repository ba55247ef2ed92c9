// The fixed ACPI description table: what is needed to tell the time and to switch off [acpi 5.2.9].
#ifndef DRIVERS_ACPI_FADT_H_
#define DRIVERS_ACPI_FADT_H_

#include <cstdint>

#include "drivers/acpi/tables.h"

namespace toro::acpi {

struct Fadt {
  uint64_t dsdt = 0;               // physical address
  uint16_t pm1a_control_port = 0;  // 0: none
  uint16_t pm1b_control_port = 0;
  uint16_t pm_timer_port = 0;
  uint64_t sleep_control_address = 0;  // hardware-reduced machines [acpi 4.8.3.7]; 0: none
  bool sleep_control_is_port = false;
};

// Reads what the table has; older tables are shorter, and what they lack stays 0.
Fadt ReadFadt(const Table& table);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_FADT_H_
