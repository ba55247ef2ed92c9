// The multiple APIC description table: which CPUs and which interrupt controllers the machine has [acpi 5.2.12].
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

// A global system interrupt, and what its wire looks like.
struct InterruptInput {
  uint32_t number = 0;
  bool is_level = false;
  bool is_active_low = false;
};

// The input that the legacy interrupt `irq` (below 16) of a PCI device arrives at [acpi 5.2.12.5]. PCI's wires are
// active low and level-triggered; an entry of the table that says otherwise is right.
InterruptInput InputOfPciIrq(const Table& madt, uint8_t irq);

// An IO-APIC: where its registers are, and the number of its first input.
struct IoApicEntry {
  uint64_t address = 0;  // 0: none
  uint32_t first_input = 0;
};

// Of the IO-APICs, the one with the highest first input that is not above `input` [acpi 5.2.12.3].
IoApicEntry FindIoApic(const Table& madt, uint32_t input);

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_MADT_H_
