// The multiple APIC description table: which CPUs the machine has [acpi 5.2.12].
#ifndef DRIVERS_ACPI_MADT_H_
#define DRIVERS_ACPI_MADT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/acpi/tables.h"

namespace toro::acpi {

// The local APIC ids of all enabled CPUs, in the table's order; each once. Returns how many the table has, of which the
// first ids.size() are stored, or -1 if an entry reaches beyond the table.
int ReadLocalApicIds(const Table& madt, std::span<uint32_t> ids);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_MADT_H_
