// The kernel looks at its own page tables and control bits before it starts the application.
#ifndef PLATFORM_BAREMETAL_BOOT_SELF_CHECK_H_
#define PLATFORM_BAREMETAL_BOOT_SELF_CHECK_H_

#include <span>

#include "platform/baremetal/boot/boot_reserve.h"
#include "platform/baremetal/boot/build_address_space.h"
#include "platform/baremetal/cpu/cpu_area.h"

namespace toro::baremetal {

// Refuses to boot, with what and where, when a page is writable and executable, when the null area is mapped, when a
// page has a second address, or when a CPU has a control bit that is off. Boot CPU, when all CPUs have arrived.
void CheckHardening(std::span<const CpuArea> areas, const char* last_argument);

// Prints every region of addresses with its rights, what they sum up to, and the control bits of each CPU. Boot CPU,
// after Cluster::Create.
void PrintHardening(const AddressSpacePlan& space, const BootReserve& reserve);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_SELF_CHECK_H_
