#include "core/kernel/dma.h"

#include <bit>
#include <new>

#include "core/kernel/allocation.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/machine/platform_services.h"

namespace toro {
namespace {

// Memory that is held while a lower place is looked for: linked through its own first word.
class HeldMemory {
 public:
  explicit HeldMemory(Partition& partition) : partition_(partition) {}
  ~HeldMemory() {
    while (first_ != nullptr) {
      Link* next = first_->next;
      partition_.Free(first_);
      first_ = next;
    }
  }
  void Hold(void* memory) { first_ = new (memory) Link{first_}; }

 private:
  struct Link {
    Link* next;
  };

  Partition& partition_;
  Link* first_ = nullptr;
};

bool IsBelow(const void* memory, size_t bytes, uint64_t limit) {
  uint64_t begin = platform::PhysicalAddress(memory);
  return begin < limit && bytes <= limit - begin;
}

// Does any memory of this CPU lie low enough?
bool HasMemoryBelow(CpuId cpu, uint64_t limit) {
  const PartitionRanges& partition = Cluster::Get().memory().partitions[cpu.index()];
  for (size_t r = 0; r < partition.count; ++r) {
    if (IsBelow(reinterpret_cast<const void*>(partition.ranges[r].begin), 1, limit)) return true;
  }
  return false;
}

// What comes too high is held, and as much again each time, until something low comes or nothing is left.
void* AllocateBelow(Partition& partition, size_t bytes, size_t align_bytes, uint64_t limit) {
  if (!HasMemoryBelow(partition.owner(), limit)) return nullptr;
  void* memory = partition.AllocateAligned(bytes, align_bytes);
  if (memory == nullptr || IsBelow(memory, bytes, limit)) return memory;
  // A reclaim would run messages and the program's out-of-memory handler on a CPU that only seems to have no memory.
  Partition::NoReclaim alone(partition);
  HeldMemory held(partition);
  for (size_t more_bytes = bytes;;) {
    held.Hold(memory);
    void* more = partition.Allocate(more_bytes);
    if (more != nullptr && !IsBelow(more, more_bytes, limit)) {
      held.Hold(more);
      more_bytes *= 2;
    } else {
      partition.Free(more);
      more_bytes = bytes;
    }
    memory = partition.AllocateAligned(bytes, align_bytes);
    if (memory == nullptr || IsBelow(memory, bytes, limit)) return memory;
  }
}

}  // namespace

Result<DmaBuffer> AllocateDma(size_t bytes, const DmaLimits& limits) {
  size_t align_bytes = limits.align_bytes;
  if (bytes == 0 || !IsPowerOfTwo(align_bytes)) return Status::kInvalidArgument;
  if (limits.boundary_bytes != 0) {
    if (!IsPowerOfTwo(limits.boundary_bytes) || bytes > limits.boundary_bytes) return Status::kInvalidArgument;
    // What is aligned to the next power of two crosses no larger one.
    align_bytes = align_bytes > std::bit_ceil(bytes) ? align_bytes : std::bit_ceil(bytes);
  }
  void* memory = AllocateBelow(Cpu::Current().partition(), bytes, align_bytes, limits.below_address);
  if (memory == nullptr) return Status::kOutOfMemory;
  return DmaBuffer{memory, platform::PhysicalAddress(memory), bytes};
}

void FreeDma(const DmaBuffer& buffer) { FreeBytes(buffer.address); }

uint64_t PhysicalAddressOf(const void* address) { return platform::PhysicalAddress(address); }

}  // namespace toro
