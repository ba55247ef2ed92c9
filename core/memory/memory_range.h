// MemoryRange: [begin, begin + bytes), byte addresses.
#ifndef CORE_MEMORY_MEMORY_RANGE_H_
#define CORE_MEMORY_MEMORY_RANGE_H_

#include <cstddef>
#include <cstdint>

namespace toro {

struct MemoryRange {
  uintptr_t begin = 0;
  size_t bytes = 0;

  uintptr_t end() const { return begin + bytes; }
};

}  // namespace toro

#endif  // CORE_MEMORY_MEMORY_RANGE_H_
