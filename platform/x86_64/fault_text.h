// A fault of the CPU in words, the same in both worlds: its cause, and the registers as they were.
#ifndef PLATFORM_X86_64_FAULT_TEXT_H_
#define PLATFORM_X86_64_FAULT_TEXT_H_

#include <cstdint>
#include <string_view>

#include "core/kernel/cpu_fault.h"

namespace toro::x86_64 {

using PrintFunction = void (*)(std::string_view text);

// Whether an exception of this vector and error code is an interrupt for which there is no gate.
bool IsUnknownInterrupt(uint8_t vector, uint64_t error_code);

// "page fault: write to 0x..., where no memory is mapped", without a line end. `meaning`, if not null, is what the
// address of a page fault says, and stands in the place of "page fault". Takes no memory; any context.
void PrintFaultCause(const FaultRecord& record, const char* meaning, PrintFunction print);

// Six lines, of which the last is not ended.
void PrintRegisters(const FaultRecord& record, PrintFunction print);

}  // namespace toro::x86_64

#endif  // PLATFORM_X86_64_FAULT_TEXT_H_
