#include "platform/baremetal/cpu/console.h"

#include "core/machine/platform_services.h"
#include "drivers/reg/io_ports.h"
#include "drivers/serial/serial16550.h"

namespace toro {
namespace baremetal {
namespace {

constinit serial::Serial16550<reg::IoPorts> port{reg::IoPorts{}};

}  // namespace

void InitializeConsole() { port.Initialize(); }

void Print(std::string_view text) { port.Write(text.data(), text.size()); }

void PrintDecimal(uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  Print({digits + at, sizeof digits - at});
}

void PrintHex(uint64_t value, int digits) {
  char text[18];
  size_t at = sizeof text;
  for (; value != 0 || digits > 0; value >>= 4, --digits) text[--at] = "0123456789abcdef"[value & 15];
  text[--at] = 'x';
  text[--at] = '0';
  Print({text + at, sizeof text - at});
}

void FlushConsole() { port.Flush(); }

}  // namespace baremetal

namespace platform {

void ConsoleWrite(const char* text, size_t bytes) { baremetal::Print({text, bytes}); }

}  // namespace platform
}  // namespace toro
