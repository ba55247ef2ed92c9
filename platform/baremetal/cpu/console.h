// The console of the machine: COM1, and the words that the platform itself writes there.
//
// The platform's reports are written piece by piece with these few functions: they need no memory, no lock and no C
// library, so they work in the first microsecond and in the middle of a panic.
#ifndef PLATFORM_BAREMETAL_CPU_CONSOLE_H_
#define PLATFORM_BAREMETAL_CPU_CONSOLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toro::baremetal {

void InitializeConsole();

void Print(std::string_view text);
void PrintDecimal(uint64_t value);
// "0x" and at least `digits` hexadecimal digits.
void PrintHex(uint64_t value, int digits = 1);

// Waits until everything has left the port.
void FlushConsole();

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_CONSOLE_H_
