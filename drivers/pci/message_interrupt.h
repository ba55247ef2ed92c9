// Interrupts that are writes to memory: MSI [pci 6.8.1] and MSI-X [pci 6.8.2].
#ifndef DRIVERS_PCI_MESSAGE_INTERRUPT_H_
#define DRIVERS_PCI_MESSAGE_INTERRUPT_H_

#include <cstdint>

#include "drivers/pci/config_space.h"

namespace toro::pci {

// What a device writes where to interrupt.
struct Message {
  uint64_t address = 0;
  uint32_t data = 0;
};

// The one that is interrupt `vector` of the CPU with that local APIC id, which is below 256: fixed, edge, physical
// destination [sdm3 11.11].
constexpr Message MessageTo(uint8_t apic_id, uint8_t vector) { return {0xfee00000 | uint64_t{apic_id} << 12, vector}; }

// From now on the function interrupts by this one message, and no longer by its wire. False: it has no sound capability
// of that kind.
bool UseMsi(ConfigSpace& space, FunctionAddress function, const Message& message);

// Where the table of messages of MSI-X lies.
struct MsixTable {
  uint32_t entries = 0;      // 0: no such capability
  uint32_t base_index = 0;   // base address register 0..5
  uint32_t base_offset = 0;  // in it
};
MsixTable ReadMsixTable(ConfigSpace& space, FunctionAddress function);

// Writes entry `index` of the table, whose first entry is at `offset` of `registers`, and unmasks it.
void WriteMsixEntry(reg::RegisterWindow& registers, uint32_t offset, uint32_t index, const Message& message);

// From now on the function interrupts by the messages of its table, and no longer by its wire.
void UseMsix(ConfigSpace& space, FunctionAddress function);

}  // namespace toro::pci

#endif  // DRIVERS_PCI_MESSAGE_INTERRUPT_H_
