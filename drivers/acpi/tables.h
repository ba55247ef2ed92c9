// Finding ACPI tables [acpi 5.2]: root pointer, root table, one table by its signature. Every table that is used is
// checked.
#ifndef DRIVERS_ACPI_TABLES_H_
#define DRIVERS_ACPI_TABLES_H_

#include <cstdint>

#include "drivers/reg/physical_memory.h"

namespace toro::acpi {

inline constexpr uint32_t kHeaderBytes = 36;

// A table in memory, header included, whose length and checksum are right.
struct Table {
  const unsigned char* bytes = nullptr;
  uint32_t size = 0;
  uint64_t address = 0;
};

enum class [[nodiscard]] Lookup {
  kFound,
  kNoRootPointer,   // no RSDP where the loader said, nor where the BIOS leaves it
  kBadRootPointer,  // wrong signature or checksum
  kBadRootTable,    // XSDT or RSDT unreadable, or with a wrong checksum
  kMissing,         // the root table does not name such a table
  kBadTable,        // it does, but length or checksum are wrong
};

// Looks where the BIOS leaves it: the first KiB of the extended BIOS data area, and 0xe0000 to 0xfffff [acpi 5.2.5.1].
// Returns 0 if it is not there.
uint64_t ScanForRootPointer(const reg::PhysicalMemory& memory);

// Finds the table with the four-letter `signature`. `rsdp` is the root pointer's address, 0 if unknown.
Lookup FindTable(const reg::PhysicalMemory& memory, uint64_t rsdp, const char* signature, Table& table);

// Reads the table at `address` and checks its length and checksum.
bool ReadTable(const reg::PhysicalMemory& memory, uint64_t address, Table& table);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_TABLES_H_
