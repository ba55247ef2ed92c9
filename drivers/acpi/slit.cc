#include "drivers/acpi/slit.h"

namespace toro::acpi {
namespace {

constexpr uint32_t kCountAt = 36, kFirstDistanceAt = 44;
constexpr uint8_t kItself = 10;

}  // namespace

const char* ReadSlit(const Table& table, Slit& slit) {
  if (table.size < kFirstDistanceAt) return "the ACPI table of distances (SLIT) is shorter than its own head";
  uint64_t domains = reg::Load<uint64_t>(table.bytes + kCountAt);
  uint64_t bytes = table.size - kFirstDistanceAt;
  // Divided, not multiplied: the product may wrap around.
  if (domains == 0 || domains > bytes / domains) {
    return "the ACPI table of distances (SLIT) is truncated, or names no domain";
  }
  slit = {domains, table.bytes + kFirstDistanceAt};
  for (uint64_t from = 0; from < domains; ++from) {
    for (uint64_t to = 0; to < domains; ++to) {
      if (from == to ? slit.Distance(from, to) != kItself : slit.Distance(from, to) <= kItself) {
        return "the ACPI table of distances (SLIT) has a domain that is not 10 from itself, or not more from another";
      }
    }
  }
  return nullptr;
}

}  // namespace toro::acpi
