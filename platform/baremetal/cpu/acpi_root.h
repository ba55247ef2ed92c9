// Where the ACPI tables begin: for drivers that are needed after the boot only.
#ifndef PLATFORM_BAREMETAL_CPU_ACPI_ROOT_H_
#define PLATFORM_BAREMETAL_CPU_ACPI_ROOT_H_

#include <cstdint>

namespace toro::baremetal {

// The physical address of the root pointer; 0: this machine has none. Constant after boot.
extern uint64_t acpi_root_pointer;

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_ACPI_ROOT_H_
