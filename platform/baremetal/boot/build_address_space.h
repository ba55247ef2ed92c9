// The page tables that serve from boot to power off. docs/memory_map.md draws what they map.
#ifndef PLATFORM_BAREMETAL_BOOT_BUILD_ADDRESS_SPACE_H_
#define PLATFORM_BAREMETAL_BOOT_BUILD_ADDRESS_SPACE_H_

#include <cstdint>
#include <span>

#include "core/memory/boot_map.h"
#include "drivers/acpi/fadt.h"
#include "platform/baremetal/boot/boot_info.h"
#include "platform/baremetal/boot/boot_reserve.h"
#include "platform/baremetal/cpu/cpu_area.h"

namespace toro::baremetal {

// Makes read-only, in these tables, what is constant after boot (core/base/constant_after_boot.h). A CPU that uses them
// knows it when it loads CR3 next.
void SealTables(uint64_t root);

struct AddressSpacePlan {
  std::span<const MemoryRange> memory;  // to be divided; whole large pages of it are mapped
  std::span<const BootModule> modules;  // read-only
  std::span<CpuArea> areas;             // of the CPUs beside the boot CPU
  uint64_t local_apic = 0;              // 0: no registers in memory
  uint64_t dsdt = 0, dsdt_bytes = 0;    // read-only, for the power off
  uint64_t sleep_control = 0;           // a device register, or 0
  uint64_t trampoline = 0;              // executable until UnmapTrampoline; 0: none
};

// The bytes of table pages that the plan can need.
uint64_t AddressSpaceBytes(const AddressSpacePlan& plan, uint64_t image_end);

// Builds the tables in `reserve`. Returns the root's address, or 0 if the reserve is too small, which is a bug.
uint64_t BuildAddressSpace(const AddressSpacePlan& plan, BootReserve& reserve);

// Isolation (docs/isolation.md): the bytes that BuildIsolatedSpace needs for each of `cpus` CPUs.
uint64_t IsolatedSpaceBytes(const AddressSpacePlan& plan, uint64_t image_end, size_t cpus);

// Builds the tables of CPU `self`: its own memory, stacks, tables (`own`) and `thread_locals` can be written, those of
// the others only be read, but for the pages that the exchange shares. After Cluster::Create. Returns the root's
// address, or 0 if `own` is too small, which is a bug.
uint64_t BuildIsolatedSpace(CpuId self, const AddressSpacePlan& plan, const BootReserve& reserve, BootReserve own,
                            MemoryRange thread_locals);

// Takes the trampoline page out of the tables that the calling CPU uses. The others must reload CR3 afterwards.
void UnmapTrampoline(uint64_t page);

// Loads `root` (0: keeps the present one) and switches on what this CPU has of SMEP, SMAP, UMIP, FSGSBASE.
void UseAddressSpace(uint64_t root);

// Of the calling CPU: asked of it, not remembered.
ControlBits ReadControlBits();

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_BUILD_ADDRESS_SPACE_H_
