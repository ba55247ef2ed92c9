// PowerOff: the ways out, from the one that carries a status to the one that always works.
#include "platform/baremetal/cpu/power_off.h"

#include <utility>

#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "drivers/acpi/sleep_state.h"
#include "drivers/reg/io_ports.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/layout.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro {
namespace baremetal {
namespace {

using reg::IoPorts;

constexpr uint16_t kDebugConsolePort = 0xe9;  // QEMU's isa-debugcon: reads as its own number, writes go to a file

constinit acpi::Fadt fadt;
constinit const reg::PhysicalMemory* acpi_memory = nullptr;
using Function = void (*)();
constinit Function before_power_off = nullptr;

// isa-debug-exit turns a write of N into the status 2 N + 1, of which the shell sees 8 bits: so N is at most 127. The
// full status goes to the debug console, one decimal number and a newline, for a launcher that has one there.
void ExitFromQemu(int status) {
  if (IoPorts::Read8(kDebugConsolePort) == kDebugConsolePort) {
    char digits[4] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                      static_cast<char>('0' + status % 10), '\n'};
    int first = status >= 100 ? 0 : status >= 10 ? 1 : 2;
    for (int i = first; i < 4; ++i) IoPorts::Write8(kDebugConsolePort, static_cast<uint8_t>(digits[i]));
  }
  IoPorts::Write32(EXIT_PORT, static_cast<uint32_t>(status < 127 ? status : 127));
}

// Soft off, S5 [acpi 7.4.2] [acpi 4.8.3.7].
void SleepForEver() {
  if (acpi_memory == nullptr) return;
  constexpr uint32_t kSleepEnablePm1 = 1 << 13, kSleepEnableReduced = 1 << 5;
  acpi::SleepTypes types;
  if (!acpi::FindSoftOff(*acpi_memory, fadt.dsdt, types)) return;
  if (fadt.sleep_control_address != 0) {
    uint8_t value = static_cast<uint8_t>(types.a << 2 | kSleepEnableReduced);
    if (fadt.sleep_control_is_port) {
      IoPorts::Write8(static_cast<uint16_t>(fadt.sleep_control_address), value);
    } else if (acpi_memory->At(fadt.sleep_control_address, 1) != nullptr) {
      *reinterpret_cast<volatile uint8_t*>(fadt.sleep_control_address) = value;
    }
  }
  auto write = [](uint16_t port, uint8_t type) {
    if (port != 0) IoPorts::Write16(port, static_cast<uint16_t>(type << 10 | kSleepEnablePm1));
  };
  write(fadt.pm1a_control_port, types.a);
  write(fadt.pm1b_control_port, types.b);
  // The power goes a moment later.
  for (uint64_t start_ns = ClockNowNs(); ClockNowNs() - start_ns < kNsPerSecond;) x86_64::Pause();
}

}  // namespace

void SetAcpiPowerOff(const acpi::Fadt& table, const reg::PhysicalMemory& memory) {
  fadt = table;
  acpi_memory = &memory;
}

void SetBeforePowerOff(void (*function)()) { before_power_off = function; }

}  // namespace baremetal

namespace platform {

void PowerOff(int status) {
  using namespace baremetal;
  DisableInterrupts();
  FlushConsole();
  if (before_power_off != nullptr) std::exchange(before_power_off, nullptr)();
  ExitFromQemu(status & 0xff);
  SleepForEver();
  // Neither worked. The other CPUs stop too; a person who sits there finds a halted machine.
  Print("toro: this machine cannot power itself off; halted with status ");
  PrintDecimal(static_cast<uint64_t>(status & 0xff));
  Print("\n");
  StopOtherCpus();
  HaltForEver();
}

}  // namespace platform
}  // namespace toro
