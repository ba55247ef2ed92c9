// DMA buffers: memory that a device reads and writes, by its physical address.
//
// WHY. A device has limits that a program has not: addresses of 32 bits, descriptors that may not cross 64 KiB or 4
// GiB. The buffer is ordinary memory of the partition, so it needs no list of its own and no rounding: only its place
// is chosen. On the bare machine every physical address is the virtual one. In the hosted world there is no device; the
// address is the one that the simulated machine would have, whose memory begins at 1 MiB.
#ifndef CORE_KERNEL_DMA_H_
#define CORE_KERNEL_DMA_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"

namespace toro {

struct DmaLimits {
  size_t align_bytes = 64;                // a power of two
  uint64_t below_address = ~uint64_t{0};  // the last byte lies below this physical address
  uint64_t boundary_bytes = 0;            // never crosses a multiple of this power of two; 0: may cross any
};

struct DmaBuffer {
  void* address = nullptr;
  uint64_t physical = 0;
  size_t bytes = 0;  // as asked for
};

// `bytes` > 0 contiguous bytes from the partition of the calling CPU, not cleared. kInvalidArgument: no bytes, an
// alignment or a boundary that is no power of two, more bytes than the boundary allows. kOutOfMemory: no such room, or
// all memory of this CPU lies at or above `below_address`; try a CPU that has lower memory. Any context; does not
// block.
//
// COST. As an allocation, if what comes first lies low enough. If not, this CPU's memory above the limit is used up for
// a moment, in O(log of its pages) allocations where it is in few pieces. Nothing else runs on it meanwhile, so nobody
// sees that; and nothing is reclaimed for the place below the limit (messages, the out-of-memory handler).
Result<DmaBuffer> AllocateDma(size_t bytes, const DmaLimits& limits = {});

// Frees a buffer of any CPU, as FreeBytes(buffer.address) does. Stops as that does.
void FreeDma(const DmaBuffer& buffer);

// The physical address of memory in any partition. Neighbours stay neighbours as far as one allocation reaches.
uint64_t PhysicalAddressOf(const void* address);

}  // namespace toro

#endif  // CORE_KERNEL_DMA_H_
