// IoApic: from interrupt wires to CPUs [ioapic].
//
// WHY one CPU only. The registers are reached through an index register and a data register, so two CPUs at once would
// write each other's entries: the boot CPU does it for all (platform/baremetal/devices).
//
// COST. Two accesses per register; only when a wire is routed, never per interrupt.
#ifndef DRIVERS_APIC_IO_APIC_H_
#define DRIVERS_APIC_IO_APIC_H_

#include <cstdint>

#include "drivers/reg/register_window.h"

namespace toro::apic {

// Where the interrupts of a wire go.
struct InterruptRoute {
  uint8_t vector = 0;   // 16 or more
  uint8_t apic_id = 0;  // of the CPU that takes it; physical destination mode has 8 bits [ioapic 3.2.4]
  bool is_level = false;
  bool is_active_low = false;
};

class IoApic {
 public:
  explicit IoApic(reg::RegisterWindow& registers) : registers_(registers) {}

  // How many wires there are [ioapic 3.2.2].
  uint32_t Inputs() { return (Read(kVersion) >> 16 & 0xff) + 1; }

  // From now on wire `input` interrupts that CPU. The entry is masked while its two halves do not belong together.
  void Route(uint32_t input, const InterruptRoute& route) {
    Mask(input);
    Write(kTable + 2 * input + 1, uint32_t{route.apic_id} << 24);
    Write(kTable + 2 * input, route.vector | (route.is_active_low ? kActiveLow : 0) | (route.is_level ? kLevel : 0));
  }
  void Mask(uint32_t input) { Write(kTable + 2 * input, kMasked); }

 private:
  // Memory-mapped registers [ioapic 3.1], then indices [ioapic 3.2].
  static constexpr uint32_t kSelect = 0x00, kWindow = 0x10;
  static constexpr uint32_t kVersion = 0x01, kTable = 0x10;
  static constexpr uint32_t kActiveLow = 1 << 13, kLevel = 1 << 15, kMasked = 1 << 16;

  uint32_t Read(uint32_t index) {
    registers_.Write32(kSelect, index);
    return registers_.Read32(kWindow);
  }
  void Write(uint32_t index, uint32_t value) {
    registers_.Write32(kSelect, index);
    registers_.Write32(kWindow, value);
  }

  reg::RegisterWindow& registers_;
};

}  // namespace toro::apic

#endif  // DRIVERS_APIC_IO_APIC_H_
