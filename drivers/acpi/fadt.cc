#include "drivers/acpi/fadt.h"

namespace toro::acpi {
namespace {

using reg::Load;

enum Offset : uint32_t {
  kDsdt = 40,
  kPm1aControl = 64,
  kPm1bControl = 68,
  kPmTimer = 76,
  kPmTimerLength = 91,
  kFlags = 112,
  kWideDsdt = 140,
  kSleepControl = 244,  // generic address: space, width, offset, size, 64-bit address
};
constexpr uint32_t kHardwareReduced = 1 << 20;
constexpr uint8_t kMemorySpace = 0, kPortSpace = 1;

bool Has(const Table& table, uint32_t at, uint32_t bytes) { return table.size >= bytes && at <= table.size - bytes; }

uint16_t Port(const Table& table, uint32_t at) {
  return Has(table, at, 4) ? static_cast<uint16_t>(Load<uint32_t>(table.bytes + at)) : 0;
}

}  // namespace

Fadt ReadFadt(const Table& table) {
  Fadt fadt;
  if (Has(table, kDsdt, 4)) fadt.dsdt = Load<uint32_t>(table.bytes + kDsdt);
  if (Has(table, kWideDsdt, 8)) {
    if (uint64_t wide = Load<uint64_t>(table.bytes + kWideDsdt)) fadt.dsdt = wide;
  }
  bool reduced = Has(table, kFlags, 4) && (Load<uint32_t>(table.bytes + kFlags) & kHardwareReduced);
  if (!reduced) {
    fadt.pm1a_control_port = Port(table, kPm1aControl);
    fadt.pm1b_control_port = Port(table, kPm1bControl);
    if (Has(table, kPmTimerLength, 1) && table.bytes[kPmTimerLength] == 4) fadt.pm_timer_port = Port(table, kPmTimer);
  } else if (Has(table, kSleepControl, 12)) {
    uint8_t space = table.bytes[kSleepControl];
    if (space == kMemorySpace || space == kPortSpace) {
      fadt.sleep_control_address = Load<uint64_t>(table.bytes + kSleepControl + 4);
      fadt.sleep_control_is_port = space == kPortSpace;
    }
  }
  return fadt;
}

}  // namespace toro::acpi
