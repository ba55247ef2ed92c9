// MemoryChecker: what an allocator hands out is free, what it takes back was handed out, and its own count is right.
//
// It has one bit per 16 bytes of all partitions, and the bytes in use of each; the allocators tell it of each object,
// and nothing of slabs, magazines and page runs.
//
// RULES
//   ownership  no two objects have a byte in common; what is freed is an object
//   affinity   the owner of a partition allocates and frees there, and nobody else
//   balance    the bytes that a partition says are in use are those of the objects it has handed out
#ifndef PLATFORM_SIMULATOR_MEMORY_CHECKER_H_
#define PLATFORM_SIMULATOR_MEMORY_CHECKER_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"

namespace toro::simulator {

class MemoryChecker {
 public:
  // The partitions lie in `bytes` bytes at `begin`.
  void Begin(uintptr_t begin, size_t bytes);

  // `bytes`: what the object takes, rounded up as the allocator does.
  void Allocated(CpuId owner, const void* object, size_t bytes);
  void Freed(CpuId owner, const void* object, size_t bytes);
  // What the partition says.
  void CheckBalance(CpuId owner, size_t used_bytes) const;

 private:
  static constexpr size_t kGranuleBytes = 16;

  // The bits of [object, object + bytes), word by word: change(word, bits).
  template <typename Change>
  void ForEachWord(const void* object, size_t bytes, Change change);
  void CheckOwner(CpuId owner, const char* what, const void* object) const;

  uintptr_t begin_ = 0;
  size_t bytes_ = 0;
  uint64_t* live_ = nullptr;
  size_t used_bytes_[kMaxCpus] = {};
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_MEMORY_CHECKER_H_
