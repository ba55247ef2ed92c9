// Allocation for the language run-time: malloc, operator new and their kin end here, in both worlds.
#ifndef CORE_KERNEL_ALLOCATION_H_
#define CORE_KERNEL_ALLOCATION_H_

#include <cstddef>

#include "core/kernel/cpu.h"

namespace toro {

// From the partition of the calling CPU; null when it is exhausted. Any context, on a CPU only.
inline void* AllocateBytes(size_t bytes) { return Scheduler::Current().partition().Allocate(bytes); }

// `align_bytes` is a power of two.
void* AllocateAlignedBytes(size_t bytes, size_t align_bytes);

// An object of any CPU: one of another CPU goes home by message. Null is allowed. Stops when it is nobody's.
void FreeAnywhere(void* object);
inline void FreeBytes(void* object) {
  if (!Scheduler::Current().partition().FreeIfSmall(object)) FreeAnywhere(object);
}
// As FreeBytes, for an object that was allocated with `bytes` and no larger alignment than 16. Stops when it was not.
inline void FreeBytes(void* object, size_t bytes) {
  if (!Scheduler::Current().partition().FreeIfSmallSized(object, bytes)) FreeAnywhere(object);
}

// Usable bytes of an object of any CPU's partition.
size_t UsableBytes(const void* object);

// Does the address lie in some partition? Any context, also on a pthread that is no CPU, after Cluster::Create.
bool InPartition(const void* address);

}  // namespace toro

#endif  // CORE_KERNEL_ALLOCATION_H_
