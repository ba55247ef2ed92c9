// Addresses that no boot maps: the registers of devices and the tables of the firmware.
//
// WHO. Not isolated, all CPUs share their page tables, and CPU 0 alone adds to them here: what was absent appears,
// which no CPU can have remembered [sdm3 4.10.2.3], and nobody else writes those entries. Isolated, each CPU adds to
// its own.
#ifndef PLATFORM_BAREMETAL_DEVICES_DEVICE_MEMORY_H_
#define PLATFORM_BAREMETAL_DEVICES_DEVICE_MEMORY_H_

#include <cstdint>

#include "drivers/reg/physical_memory.h"

namespace toro::baremetal {

// Maps [begin, begin + bytes) as registers in the tables that the calling CPU uses, for ever. True also if they are
// mapped so already. False: some of it is memory, or there is no page for a table. CPU 0; isolated: each for itself.
bool MapRegisters(uint64_t begin, uint64_t bytes);

// Makes them reachable for the calling CPU, whichever it is. Thread context.
bool MapRegistersHere(uint64_t begin, uint64_t bytes);

// The tables of the firmware, which lie in memory that is given to nobody: mapped, read-only, when they are first read.
// CPU 0 only.
class FirmwareTables final : public reg::PhysicalMemory {
 public:
  const unsigned char* At(uint64_t address, uint64_t bytes) const override;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_DEVICES_DEVICE_MEMORY_H_
