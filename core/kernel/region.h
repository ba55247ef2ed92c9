// Regions: whole pages of a CPU's own partition whose access can be chosen: read-only, uncached, write-combining.
//
// WHY. A table that is built once and then only read is safe from stray writes if the hardware says so; a frame buffer
// or a device's memory wants no cache. The attribute is one of a page, so a region is whole pages and nothing else.
//
// INVARIANTS
//   I1. When SetRegionAccess returns, the access holds on every CPU: each has been told by message, and has forgotten
//       what its translation and its caches knew.
//   I2. A region is ordinary memory again before its pages go back to the partition.
//
// Sharing needs no region: every partition can be read and written by every CPU (unless the application asked for
// isolation), so a pointer that was sent in a message is enough. What must not be changed any more is made read-only.
//
// The hosted world has read-only; it says kNotSupported to the others, since a process does not choose how its memory
// is cached.
#ifndef CORE_KERNEL_REGION_H_
#define CORE_KERNEL_REGION_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"
#include "core/machine/platform_services.h"

namespace toro {

using RegionAccess = platform::PageAccess;

struct Region {
  void* address = nullptr;
  size_t bytes = 0;  // whole pages
};

// `bytes` > 0, rounded up to whole pages, from the partition of the calling CPU; ordinary memory, not cleared.
// kInvalidArgument: no bytes. kOutOfMemory. Any context; does not block.
Result<Region> AllocateRegion(size_t bytes);

// Sets how the region, or some whole pages of one, may be accessed. What the owner wrote before is there afterwards.
// kInvalidArgument: not whole pages, or not of the partition of the calling CPU. kNotSupported: not on this machine.
// kOutOfMemory: no page for a page table. Whatever fails changes nothing. A thread of the owner; waits for every CPU
// once.
Status SetRegionAccess(const Region& region, RegionAccess access);

// Makes it ordinary memory and gives it back. A region as AllocateRegion returned it. A thread of the owner; waits for
// every CPU once if its access was ever set.
void FreeRegion(const Region& region);

}  // namespace toro

#endif  // CORE_KERNEL_REGION_H_
