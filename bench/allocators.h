// The allocators that rows are instantiated with.
#ifndef BENCH_ALLOCATORS_H_
#define BENCH_ALLOCATORS_H_

#include <cstddef>
#include <cstdlib>

#include "core/kernel/allocation.h"

namespace toro::bench {

// The malloc of the process: see worker.h.
struct Malloc {
  static void* Allocate(size_t bytes) { return std::malloc(bytes); }
  static void Free(void* object) { std::free(object); }
};

// What operator new and delete of an application call.
struct Toro {
  static void* Allocate(size_t bytes) { return AllocateBytes(bytes); }
  static void Free(void* object) { FreeBytes(object); }
};

inline constexpr size_t kPairBytes = 64;

}  // namespace toro::bench

#endif  // BENCH_ALLOCATORS_H_
