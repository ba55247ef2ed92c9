// Interrupt gates: what runs when the CPU is interrupted or faults.
//
// WHY so little. An interrupt says "look at your slots again"; who does the work is the step. So the handlers touch
// general registers only, run on stacks of their own (the red zone of the interrupted code is live), mark a word of the
// CpuBlock, acknowledge and return. A fault of a thread goes on as a C++ exception (platform/x86_64/fault_throw.h); any
// other reports (panic.h) and powers off.
#ifndef PLATFORM_BAREMETAL_CPU_INTERRUPTS_H_
#define PLATFORM_BAREMETAL_CPU_INTERRUPTS_H_

#include <cstdint>

#include "core/device/interrupt_line.h"

namespace toro::baremetal {

// Vectors above the 32 of the architecture. A vector without a gate ends as #NP whose error code names it.
inline constexpr uint8_t kLegacySpuriousVector1 = 0x27;  // of the two 8259s, which are masked but may still do this
inline constexpr uint8_t kLegacySpuriousVector2 = 0x2f;
inline constexpr uint8_t kFirstDeviceVector = 0x30;  // and those that follow, DEVICE_VECTORS (layout.h) per CPU
inline constexpr uint8_t kWakeVector = 0xf0;
inline constexpr uint8_t kTimerVector = 0xf1;
inline constexpr uint8_t kApicSpuriousVector = 0xff;

// What the stub of an exception saved, in memory order.
struct ExceptionFrame {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
  uint64_t vector, error_code;
  uint64_t rip, cs, rflags, rsp, ss;
};

// Fills the table that all CPUs share. Boot CPU, once, before EnterCpuArea.
void BuildInterruptGates();

// Makes the calling CPU use it.
void LoadInterruptGates();

// From now on a vector of the calling CPU, which is returned, notes its interrupts in `line`, for ever, and ends a
// halt. 0: this CPU has none left. Thread context.
uint8_t TakeDeviceVector(InterruptLine& line);

// Where the handlers acknowledge: the address of the local APIC's EOI register, or 0 for the x2APIC's MSR.
extern "C" uint64_t apic_eoi_address;

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_INTERRUPTS_H_
