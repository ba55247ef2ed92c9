// Firmware: what ACPI says about this machine, as far as a boot needs it.
//
// WHY a missing table is no error here: with cpus=1 the machine works without. Who needs it, asks `cpus_problem`.
#ifndef PLATFORM_BAREMETAL_BOOT_FIRMWARE_H_
#define PLATFORM_BAREMETAL_BOOT_FIRMWARE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/cpu_id.h"
#include "core/memory/node_map.h"
#include "drivers/acpi/fadt.h"
#include "drivers/reg/physical_memory.h"

namespace toro::baremetal {

// All memory that the page tables of the calling CPU map at its physical address.
class MappedMemory final : public reg::PhysicalMemory {
 public:
  constexpr MappedMemory() = default;
  static const MappedMemory& Get();
  const unsigned char* At(uint64_t address, uint64_t bytes) const override;
};

struct Firmware {
  const char* cpus_problem = nullptr;  // why the CPUs are not known; null: they are
  size_t cpu_count = 1;                // enabled CPUs, the first kMaxCpus of which are in apic_ids
  uint32_t apic_ids[kMaxCpus] = {};
  acpi::Fadt fadt;
  uint64_t dsdt = 0, dsdt_bytes = 0;  // 0: none, or not where it can be read

  // Boot CPU, once.
  void Read(uint64_t rsdp);

  // Which memory is near which of these CPUs. A machine that does not say (no SRAT, or no ACPI at all) leaves `nodes`
  // as it is. Returns null, or what is wrong with a table that is there. Boot CPU, after Read, on the tables of boot.S.
  const char* ReadNodes(std::span<const uint32_t> apic_ids, NodeMap& nodes) const;

 private:
  void ReadCpus();
  void ReadPowerManagement();
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_FIRMWARE_H_
