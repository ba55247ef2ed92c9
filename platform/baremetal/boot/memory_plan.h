// MemoryPlan: what of the machine's memory is taken at boot, and what is left to divide between the CPUs.
//
// INVARIANTS
//   I1. Nothing below 1 MiB is divided: firmware, the null page and the page from which CPUs start live there.
//   I2. What is left is what the loader called usable, minus everything it called something else, minus what is kept.
#ifndef PLATFORM_BAREMETAL_BOOT_MEMORY_PLAN_H_
#define PLATFORM_BAREMETAL_BOOT_MEMORY_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/memory/boot_map.h"
#include "platform/baremetal/boot/boot_info.h"

namespace toro::baremetal {

inline constexpr uint64_t kLowMemoryEnd = 1 << 20;

class MemoryPlan {
 public:
  // Takes the loader's map. Returns null, or why it cannot be used.
  const char* Begin(const BootInfo& info);

  // Keeps a range out of the division.
  void Keep(uint64_t begin, uint64_t end) { Remove(begin, end); }

  // Keeps `bytes` (a multiple of 4 KiB) of what is left, at or above `from`, and returns where; 0 if there is no room.
  uint64_t Reserve(uint64_t bytes, uint64_t from);

  // A whole usable page below 640 KiB, above the null area; 0 if there is none.
  static uint64_t FindLowPage(const BootInfo& info);

  std::span<const MemoryRange> left() const { return {ranges_, count_}; }

 private:
  void Remove(uint64_t begin, uint64_t end);

  MemoryRange ranges_[kMaxMemoryRanges];
  size_t count_ = 0;
  bool overflow_ = false;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_MEMORY_PLAN_H_
