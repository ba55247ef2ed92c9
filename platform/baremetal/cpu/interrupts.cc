#include "platform/baremetal/cpu/interrupts.h"

#include "core/base/constant_after_boot.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/privileged.h"

extern "C" {
extern const uint64_t exception_entries[32];
extern const uint64_t device_entries[DEVICE_VECTORS];
void WakeInterruptEntry();
void TimerInterruptEntry();
void SpuriousInterruptEntry();
constinit uint64_t apic_eoi_address = 0;
}

namespace toro::baremetal {
namespace {

// Interrupt gate, 64-bit [sdm3 6.14.1].
struct Gate {
  uint64_t low = 0;
  uint64_t high = 0;
};
TORO_CONSTANT_AFTER_BOOT constinit Gate gates[256];

void SetGate(uint8_t vector, uint64_t entry, InterruptStack stack) {
  constexpr uint64_t kPresentInterruptGate = 0x8e;
  gates[vector].low = (entry & 0xffff) | uint64_t{SELECTOR_CODE} << 16 | static_cast<uint64_t>(stack) << 32 |
                      kPresentInterruptGate << 40 | (entry >> 16 & 0xffff) << 48;
  gates[vector].high = entry >> 32;
}

void SetGate(uint8_t vector, void (*entry)()) {
  SetGate(vector, reinterpret_cast<uint64_t>(entry), InterruptStack::kInterrupts);
}

}  // namespace

void BuildInterruptGates() {
  for (uint8_t vector = 0; vector < 32; ++vector) {
    SetGate(vector, exception_entries[vector],
            vector == 8                   ? InterruptStack::kDoubleFault
            : vector == 2 || vector == 18 ? InterruptStack::kNonMaskable
                                          : InterruptStack::kFaults);
  }
  for (uint8_t i = 0; i < DEVICE_VECTORS; ++i) {
    SetGate(static_cast<uint8_t>(kFirstDeviceVector + i), device_entries[i], InterruptStack::kInterrupts);
  }
  SetGate(kWakeVector, WakeInterruptEntry);
  SetGate(kTimerVector, TimerInterruptEntry);
  SetGate(kApicSpuriousVector, SpuriousInterruptEntry);
  SetGate(kLegacySpuriousVector1, SpuriousInterruptEntry);
  SetGate(kLegacySpuriousVector2, SpuriousInterruptEntry);
}

uint8_t TakeDeviceVector(InterruptLine& line) {
  InterruptLine** lines = CurrentCpuBlock().device_lines;
  for (uint8_t i = 0; i < DEVICE_VECTORS; ++i) {
    if (lines[i] != nullptr) continue;
    lines[i] = &line;
    return static_cast<uint8_t>(kFirstDeviceVector + i);
  }
  return 0;
}

void LoadInterruptGates() {
  DescriptorTablePointer pointer{sizeof gates - 1, reinterpret_cast<uint64_t>(gates)};
  asm volatile("lidt %0" : : "m"(pointer));
}

}  // namespace toro::baremetal
