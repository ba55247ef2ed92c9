#include "drivers/acpi/srat.h"

namespace toro::acpi {
namespace {

using reg::Load;

constexpr uint32_t kFirstEntryAt = 48;
constexpr uint32_t kRevisionAt = 8;
enum EntryType : uint8_t { kLocalApic = 0, kMemory = 1, kLocalX2Apic = 2 };
constexpr uint8_t kLocalApicBytes = 16, kMemoryBytes = 40, kLocalX2ApicBytes = 24;
constexpr uint32_t kEnabled = 1, kHotPluggable = 2;

uint32_t FlagsOf(const unsigned char* entry) {
  switch (entry[0]) {
    case kLocalApic: return Load<uint32_t>(entry + 4);
    case kMemory: return Load<uint32_t>(entry + 28);
    case kLocalX2Apic: return Load<uint32_t>(entry + 12);
    default: return 0;
  }
}

uint8_t LeastBytes(uint8_t type) {
  switch (type) {
    case kLocalApic: return kLocalApicBytes;
    case kMemory: return kMemoryBytes;
    case kLocalX2Apic: return kLocalX2ApicBytes;
    default: return 2;
  }
}

// Before revision 2 a domain had eight bits, and what are its upper bits now was reserved.
bool HasWideDomains(const Table& srat) { return srat.bytes[kRevisionAt] >= 2; }

}  // namespace

SratReader::SratReader(const Table& srat) : srat_(srat), at_(kFirstEntryAt) {
  if (srat.size < kFirstEntryAt) (void)Fail("the ACPI table of affinities (SRAT) is shorter than its own head");
}

bool SratReader::Fail(const char* problem) {
  problem_ = problem;
  at_ = srat_.size;
  return false;
}

bool SratReader::Next(Affinity& affinity) {
  while (at_ < srat_.size) {
    const unsigned char* entry = srat_.bytes + at_;
    uint32_t left = srat_.size - at_;
    uint8_t size = left < 2 ? 0 : entry[1];
    if (left < 2 || size > left) return Fail("an entry of the ACPI table of affinities (SRAT) is truncated");
    if (size < LeastBytes(entry[0])) {
      return Fail("an entry of the ACPI table of affinities (SRAT) is shorter than its kind, or has no length");
    }
    at_ += size;
    if ((FlagsOf(entry) & kEnabled) != 0) return Read(entry, affinity);
  }
  return false;
}

bool SratReader::Read(const unsigned char* entry, Affinity& affinity) {
  affinity = Affinity();
  switch (entry[0]) {
    case kLocalApic:
      affinity.domain = entry[2];
      if (HasWideDomains(srat_)) affinity.domain |= (Load<uint32_t>(entry + 8) >> 8) << 8;
      affinity.apic_id = entry[3];
      return true;
    case kLocalX2Apic:
      affinity.domain = Load<uint32_t>(entry + 4);
      affinity.apic_id = Load<uint32_t>(entry + 8);
      return true;
    default:
      affinity.kind = Affinity::Kind::kMemory;
      affinity.domain = HasWideDomains(srat_) ? Load<uint32_t>(entry + 2) : entry[2];
      affinity.begin = Load<uint64_t>(entry + 8);
      affinity.bytes = Load<uint64_t>(entry + 16);
      affinity.hot_pluggable = (FlagsOf(entry) & kHotPluggable) != 0;
      if (affinity.begin + affinity.bytes < affinity.begin) {
        return Fail("the ACPI table of affinities (SRAT) has a range of memory that wraps around");
      }
      return true;
  }
}

}  // namespace toro::acpi
