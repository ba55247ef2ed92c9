#include "platform/baremetal/boot/firmware.h"

#include "core/base/constant_after_boot.h"
#include "drivers/acpi/madt.h"
#include "drivers/acpi/tables.h"
#include "platform/baremetal/boot/read_nodes.h"
#include "platform/baremetal/cpu/acpi_root.h"
#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/power_off.h"

namespace toro::baremetal {

TORO_CONSTANT_AFTER_BOOT constinit uint64_t acpi_root_pointer = 0;

namespace {

constinit MappedMemory mapped_memory;

// A whole sentence per cause: the text has to outlive the call, and there is no memory to build one.
const char* CpusProblem(acpi::Lookup lookup) {
  switch (lookup) {
    case acpi::Lookup::kFound: return nullptr;
    case acpi::Lookup::kNoRootPointer: return "the CPUs are not known: this machine has no ACPI tables";
    case acpi::Lookup::kBadRootPointer:
      return "the CPUs are not known: the ACPI root pointer has a wrong signature or checksum";
    case acpi::Lookup::kBadRootTable:
      return "the CPUs are not known: the ACPI root table cannot be read, or has a wrong checksum";
    case acpi::Lookup::kMissing: return "the CPUs are not known: ACPI has no table of CPUs (MADT)";
    case acpi::Lookup::kBadTable:
      return "the CPUs are not known: the ACPI table of CPUs (MADT) is truncated, or has a wrong checksum";
  }
  return nullptr;
}

}  // namespace

const MappedMemory& MappedMemory::Get() { return mapped_memory; }

const unsigned char* MappedMemory::At(uint64_t address, uint64_t bytes) const {
  return address != 0 && IsMapped(address, bytes) ? reinterpret_cast<const unsigned char*>(address) : nullptr;
}

void Firmware::Read(uint64_t rsdp) {
  acpi_root_pointer = rsdp != 0 ? rsdp : acpi::ScanForRootPointer(mapped_memory);
  ReadCpus();
  ReadPowerManagement();
}

void Firmware::ReadCpus() {
  acpi::Table madt;
  cpus_problem = CpusProblem(acpi::FindTable(mapped_memory, acpi_root_pointer, "APIC", madt));
  if (cpus_problem != nullptr) return;
  int count = acpi::ReadLocalApicIds(madt, apic_ids);
  if (count <= 0) {
    cpus_problem = count == 0 ? "the CPUs are not known: the ACPI table of CPUs (MADT) lists no enabled CPU"
                              : "the CPUs are not known: an entry of the ACPI table of CPUs (MADT) is truncated";
    return;
  }
  cpu_count = static_cast<size_t>(count);
}

const char* Firmware::ReadNodes(std::span<const uint32_t> apic_ids, NodeMap& nodes) const {
  acpi::Table srat, slit;
  acpi::Lookup affinities = acpi::FindTable(mapped_memory, acpi_root_pointer, "SRAT", srat);
  if (affinities == acpi::Lookup::kBadTable) {
    return "the ACPI table of affinities (SRAT) is truncated, or has a wrong checksum";
  }
  if (affinities != acpi::Lookup::kFound) return nullptr;
  acpi::Lookup distances = acpi::FindTable(mapped_memory, acpi_root_pointer, "SLIT", slit);
  if (distances == acpi::Lookup::kBadTable) {
    return "the ACPI table of distances (SLIT) is truncated, or has a wrong checksum";
  }
  return baremetal::ReadNodes(srat, distances == acpi::Lookup::kFound ? &slit : nullptr, apic_ids, nodes);
}

void Firmware::ReadPowerManagement() {
  acpi::Table table;
  if (acpi::FindTable(mapped_memory, acpi_root_pointer, "FACP", table) != acpi::Lookup::kFound) return;
  fadt = acpi::ReadFadt(table);
  const unsigned char* header = mapped_memory.At(fadt.dsdt, acpi::kHeaderBytes);
  if (header == nullptr) return;
  dsdt = fadt.dsdt;
  dsdt_bytes = reg::Load<uint32_t>(header + 4);
  SetAcpiPowerOff(fadt, mapped_memory);
}

}  // namespace toro::baremetal
