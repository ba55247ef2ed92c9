// The system resource affinity table: which CPUs and which memory are near each other [acpi 5.2.16].
//
// WHY a reader and no arrays: the table may have any number of entries; whoever reads it knows what to keep.
#ifndef DRIVERS_ACPI_SRAT_H_
#define DRIVERS_ACPI_SRAT_H_

#include <cstdint>

#include "drivers/acpi/tables.h"

namespace toro::acpi {

// What one enabled entry says. CPUs and memory of one proximity domain are near each other.
struct Affinity {
  enum class Kind { kCpu, kMemory };

  Kind kind = Kind::kCpu;
  uint32_t domain = 0;
  uint32_t apic_id = 0;  // of a CPU
  uint64_t begin = 0;    // of memory; begin + bytes does not wrap around
  uint64_t bytes = 0;
  bool hot_pluggable = false;  // memory that may be plugged in later: what is there now, the loader's map says
};

// Goes over the enabled entries that name CPUs (by APIC or x2APIC id) or memory; passes over all others.
class SratReader {
 public:
  explicit SratReader(const Table& srat);

  // False: no more entries, or a problem.
  bool Next(Affinity& affinity);

  // Null, or what is wrong with the table, a whole sentence; Next has stopped there.
  const char* problem() const { return problem_; }

 private:
  bool Read(const unsigned char* entry, Affinity& affinity);
  bool Fail(const char* problem);

  const Table& srat_;
  uint32_t at_;
  const char* problem_ = nullptr;
};

}  // namespace toro::acpi

#endif  // DRIVERS_ACPI_SRAT_H_
