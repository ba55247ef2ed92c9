// The boot information that a multiboot2 loader (GRUB) leaves in memory [mb2 3.6].
#ifndef PLATFORM_BAREMETAL_BOOT_MULTIBOOT2_H_
#define PLATFORM_BAREMETAL_BOOT_MULTIBOOT2_H_

#include <cstdint>

#include "drivers/reg/physical_memory.h"
#include "platform/baremetal/boot/boot_info.h"

namespace toro::baremetal {

inline constexpr uint32_t kMultiboot2Magic = 0x36d76289;

// Reads the information at `address` into `info`. Returns null, or what is wrong with it. Nothing outside of the size
// that the information states is read.
const char* ParseMultiboot2(const reg::PhysicalMemory& memory, uint64_t address, BootInfo& info);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_MULTIBOOT2_H_
