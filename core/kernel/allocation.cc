#include "core/kernel/allocation.h"

#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

namespace toro {

void* AllocateAlignedBytes(size_t bytes, size_t align_bytes) {
  return Scheduler::Current().partition().AllocateAligned(bytes, align_bytes);
}

void FreeAnywhere(void* object) { Cpu::Current().Free(object); }

size_t UsableBytes(const void* object) {
  Cpu& here = Cpu::Current();
  size_t owner = here.owners().OwnerOf(object);
  if (owner == OwnerTable::kNoOwner) return 0;
  // Reads nothing but what was written before the object was handed out (page_runs.h, I4), and the sizes of classes.
  Cpu& there = Cluster::Get().cpu(CpuId{owner});
  there.AssertHere();
  return there.partition().UsableBytes(object);
}

bool InPartition(const void* address) {
  return Cluster::Get().cpu(kBootCpu).owners().OwnerOf(address) != OwnerTable::kNoOwner;
}

}  // namespace toro
