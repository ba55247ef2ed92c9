// The address space that the calling CPU uses: questions and changes after it was built (boot/build_address_space.h).
#ifndef PLATFORM_BAREMETAL_CPU_ADDRESS_SPACE_H_
#define PLATFORM_BAREMETAL_CPU_ADDRESS_SPACE_H_

#include <cstdint>

namespace toro {

// Gives a zeroed or dirty page of the calling CPU's partition for a page table, or null. Weak: an image without a core
// has none, and SetGuardPage then says so.
[[gnu::weak]] void* AllocatePageTablePage();

namespace baremetal {

// Whether all of [address, address + bytes) can be read. Walks the tables; any CPU, any context.
bool IsMapped(uint64_t address, uint64_t bytes);

// Whether `address` lies in a guard page of the calling CPU's own stacks (cpu_area.h).
bool IsBootStackGuard(uint64_t address);

}  // namespace baremetal
}  // namespace toro

#endif  // PLATFORM_BAREMETAL_CPU_ADDRESS_SPACE_H_
