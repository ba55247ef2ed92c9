// The start information of the PVH protocol [pvh].
#ifndef PLATFORM_BAREMETAL_BOOT_PVH_H_
#define PLATFORM_BAREMETAL_BOOT_PVH_H_

#include <cstdint>

#include "drivers/reg/physical_memory.h"
#include "platform/baremetal/boot/boot_info.h"

namespace toro::baremetal {

inline constexpr uint32_t kPvhMagic = 0x336ec578;

// Reads the hvm_start_info at `address` into `info`. Returns null, or what is wrong with it.
const char* ParsePvh(const reg::PhysicalMemory& memory, uint64_t address, BootInfo& info);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_PVH_H_
