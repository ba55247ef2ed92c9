#include "drivers/acpi/madt.h"

namespace toro::acpi {
namespace {

using reg::Load;

constexpr uint32_t kFirstEntryAt = 44;
enum EntryType : uint8_t { kLocalApic = 0, kIoApic = 1, kSourceOverride = 2, kLocalX2Apic = 9 };
constexpr uint32_t kEnabled = 1;

struct CpuEntry {
  bool is_enabled_cpu = false;
  uint32_t apic_id = 0;
};

CpuEntry ReadEntry(const unsigned char* entry, uint8_t size) {
  if (entry[0] == kLocalApic && size >= 8) return {(Load<uint32_t>(entry + 4) & kEnabled) != 0, entry[3]};
  if (entry[0] == kLocalX2Apic && size >= 16) {
    return {(Load<uint32_t>(entry + 8) & kEnabled) != 0, Load<uint32_t>(entry + 4)};
  }
  return {};
}

bool Contains(std::span<const uint32_t> ids, uint32_t id) {
  for (uint32_t known : ids) {
    if (known == id) return true;
  }
  return false;
}

// The entry at `at`, and where the next one begins. Null: no more, or it reaches beyond the table.
const unsigned char* EntryAt(const Table& madt, uint32_t& at) {
  if (at >= madt.size || madt.size - at < 2) return nullptr;
  const unsigned char* entry = madt.bytes + at;
  if (entry[1] < 2 || entry[1] > madt.size - at) return nullptr;
  at += entry[1];
  return entry;
}

}  // namespace

InterruptInput InputOfPciIrq(const Table& madt, uint8_t irq) {
  InterruptInput input{irq, true, true};
  uint32_t at = kFirstEntryAt;
  while (const unsigned char* entry = EntryAt(madt, at)) {
    constexpr uint8_t kIsa = 0;
    if (entry[0] != kSourceOverride || entry[1] < 10 || entry[2] != kIsa || entry[3] != irq) continue;
    input.number = Load<uint32_t>(entry + 4);
    // 0: as the bus does it; 1: active high, edge; 3: active low, level [acpi table 5.26].
    uint16_t flags = Load<uint16_t>(entry + 8);
    if ((flags & 3) == 1) input.is_active_low = false;
    if ((flags >> 2 & 3) == 1) input.is_level = false;
  }
  return input;
}

IoApicEntry FindIoApic(const Table& madt, uint32_t input) {
  IoApicEntry best;
  uint32_t at = kFirstEntryAt;
  while (const unsigned char* entry = EntryAt(madt, at)) {
    if (entry[0] != kIoApic || entry[1] < 12) continue;
    IoApicEntry found{Load<uint32_t>(entry + 4), Load<uint32_t>(entry + 8)};
    if (found.first_input <= input && (best.address == 0 || found.first_input > best.first_input)) best = found;
  }
  return best;
}

int ReadLocalApicIds(const Table& madt, std::span<uint32_t> ids) {
  int count = 0;
  for (uint32_t at = kFirstEntryAt; at < madt.size;) {
    if (madt.size - at < 2) return -1;
    const unsigned char* entry = madt.bytes + at;
    uint8_t size = entry[1];
    if (size < 2 || size > madt.size - at) return -1;
    at += size;
    CpuEntry cpu = ReadEntry(entry, size);
    if (!cpu.is_enabled_cpu) continue;
    size_t stored = static_cast<size_t>(count) < ids.size() ? static_cast<size_t>(count) : ids.size();
    // A CPU below 255 may be listed in both forms [acpi 5.2.12.12].
    if (Contains(ids.first(stored), cpu.apic_id)) continue;
    if (stored < ids.size()) ids[stored] = cpu.apic_id;
    ++count;
  }
  return count;
}

}  // namespace toro::acpi
