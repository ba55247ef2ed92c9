// DivideMemory: which CPU owns which memory, for ever.
//
// WHY. Partitions are whole large pages, so one page-table entry and one entry of the owner table serve one owner; the
// predecessor did not round, and with 3, 5, 6 or 7 CPUs its shares wrapped around.
//
// INVARIANTS
//   I1. Every large page that is wholly usable belongs to exactly one CPU. What is usable but in no such page is
//       counted in `unusable_bytes`: no memory is lost silently.
//   I2. Shares differ by at most one large page.
//   I3. A CPU's memory is a list of ranges, in ascending order.
#ifndef CORE_MEMORY_BOOT_MAP_H_
#define CORE_MEMORY_BOOT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/cpu_id.h"
#include "core/base/result.h"

namespace toro {

// [begin, begin + bytes), byte addresses.
struct MemoryRange {
  uintptr_t begin = 0;
  size_t bytes = 0;

  uintptr_t end() const { return begin + bytes; }
};

// The most pieces that the usable memory may have, and a partition may be made of. Firmware maps have about ten.
inline constexpr size_t kMaxMemoryRanges = 64;
inline constexpr size_t kMaxPartitionRanges = 16;

// The least memory that a CPU can run with: its own structures, a main stack, and room to start.
inline constexpr size_t kLeastPartitionBytes = 2 * 1024 * 1024;

struct PartitionRanges {
  MemoryRange ranges[kMaxPartitionRanges];
  size_t count = 0;
  size_t bytes = 0;
};

struct MemoryDivision {
  PartitionRanges partitions[kMaxCpus];
  size_t cpus = 0;
  size_t unusable_bytes = 0;  // usable for the firmware, but in no whole large page
};

// Divides `usable` (any order, not overlapping) between `cpus` CPUs. kOutOfMemory: some CPU would get less than
// kLeastPartitionBytes. kInvalidArgument: overlapping ranges, no CPU, or more pieces than the limits above.
Status DivideMemory(std::span<const MemoryRange> usable, size_t cpus, MemoryDivision& division);

}  // namespace toro

#endif  // CORE_MEMORY_BOOT_MAP_H_
