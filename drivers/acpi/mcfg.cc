#include "drivers/acpi/mcfg.h"

namespace toro::acpi {

ConfigWindow ReadConfigWindow(const Table& mcfg) {
  constexpr uint32_t kFirstEntryAt = 44, kEntryBytes = 16;
  constexpr uint64_t kMostAddress = uint64_t{1} << 46;  // far from where an address and 256 MiB could wrap around
  for (uint32_t at = kFirstEntryAt; at <= mcfg.size && mcfg.size - at >= kEntryBytes; at += kEntryBytes) {
    const unsigned char* entry = mcfg.bytes + at;
    ConfigWindow window{reg::Load<uint64_t>(entry), entry[10], entry[11]};
    if (reg::Load<uint16_t>(entry + 8) != 0) continue;  // the segment
    bool sound = window.address != 0 && window.address % (1 << 20) == 0 && window.address < kMostAddress &&
                 window.first_bus <= window.last_bus;
    if (sound) return window;
  }
  return {};
}

}  // namespace toro::acpi
