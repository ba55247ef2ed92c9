// The system locality distance information table: how far domains are from each other [acpi 5.2.17].
#ifndef DRIVERS_ACPI_SLIT_H_
#define DRIVERS_ACPI_SLIT_H_

#include <cstdint>

#include "drivers/acpi/tables.h"

namespace toro::acpi {

struct Slit {
  uint64_t domains = 0;  // how many rows and columns; row d is that of proximity domain d
  const unsigned char* distances = nullptr;

  // 10: itself; above: relative to that; 255: no way. Both below `domains`.
  uint8_t Distance(uint64_t from, uint64_t to) const { return distances[from * domains + to]; }
};

// Returns null, or what is wrong with the table, a whole sentence.
const char* ReadSlit(const Table& table, Slit& slit);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_SLIT_H_
