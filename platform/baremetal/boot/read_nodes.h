// ReadNodes: from ACPI's affinities and distances to the NodeMap of the CPUs that are used.
#ifndef PLATFORM_BAREMETAL_BOOT_READ_NODES_H_
#define PLATFORM_BAREMETAL_BOOT_READ_NODES_H_

#include <cstdint>
#include <span>

#include "core/memory/node_map.h"
#include "drivers/acpi/tables.h"

namespace toro::baremetal {

// Nodes are numbered in the order of their proximity domains, which need not be dense. `slit` may be null: then a node
// is 10 from itself and 20 from any other. `apic_ids[i]` is that of CPU i; a CPU that the table does not name is in no
// node. Returns null, or why the tables cannot be used, a whole sentence; `nodes` is then not to be used either.
const char* ReadNodes(const acpi::Table& srat, const acpi::Table* slit, std::span<const uint32_t> apic_ids,
                      NodeMap& nodes);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_READ_NODES_H_
