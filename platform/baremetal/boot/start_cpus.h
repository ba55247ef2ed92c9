// Starting the CPUs beside the first: all at once, without the wait that the manuals of 1997 ask for.
//
// ORDER. StartCpus sends the interrupts and returns: the boot CPU does other work while they come up. WaitForCpus
// returns when all have arrived, or names the one that has not. ReleaseCpus lets them go on.
#ifndef PLATFORM_BAREMETAL_BOOT_START_CPUS_H_
#define PLATFORM_BAREMETAL_BOOT_START_CPUS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/cpu_id.h"
#include "platform/baremetal/cpu/cpu_area.h"

namespace toro::baremetal {

// Copies the trampoline to `page`; the boot tables must still be in use, the page's own rights do not allow it later.
void PlaceTrampoline(uint64_t page, uint64_t root);

// `areas[i]` is prepared for CPU i + 1. `run` is what each CPU does when it is released.
void StartCpus(std::span<CpuArea> areas, uint64_t page, void (*run)(CpuId));

// Stops with a message if one does not come up within a second.
void WaitForCpus(std::span<CpuArea> areas, uint64_t page);

void ReleaseCpus();

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_START_CPUS_H_
