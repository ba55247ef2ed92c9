#include "core/kernel/region.h"

#include "core/kernel/toro.h"

namespace toro {
namespace {

bool IsOfThisCpu(const Region& region) {
  Cpu& here = Cpu::Current();
  here.AssertHere();
  uintptr_t begin = reinterpret_cast<uintptr_t>(region.address);
  if (begin % kPageBytes != 0 || region.bytes == 0 || region.bytes % kPageBytes != 0) return false;
  if (begin + region.bytes < begin) return false;
  for (uintptr_t at = begin; at < begin + region.bytes; at = AlignDown(at, kLargePageBytes) + kLargePageBytes) {
    if (here.owners().OwnerOf(reinterpret_cast<void*>(at)) != here.id().index()) return false;
  }
  return true;
}

}  // namespace

Result<Region> AllocateRegion(size_t bytes) {
  size_t rounded = AlignUp(bytes, kPageBytes);
  if (bytes == 0) return Status::kInvalidArgument;
  if (rounded < bytes) return Status::kOutOfMemory;
  void* pages = Cpu::Current().partition().AllocatePages(rounded / kPageBytes);
  if (pages == nullptr) return Status::kOutOfMemory;
  return Region{pages, rounded};
}

Status SetRegionAccess(const Region& region, RegionAccess access) {
  TORO_CHECK(Scheduler::Current().MayBlock(), "set the access of a region outside of a thread; it waits for every CPU");
  if (!IsOfThisCpu(region)) return Status::kInvalidArgument;
  size_t pages = region.bytes / kPageBytes;
  Status status = platform::SetPageAccess(region.address, pages, access);
  if (status != Status::kOk) return status;
  // I1. One after the other: a region is set rarely, and each CPU answers within a step.
  CpuId here = CurrentCpu();
  for (size_t cpu = 0; cpu < CpuCount(); ++cpu) {
    if (CpuId{cpu} == here) continue;
    Call(CpuId{cpu}, [address = region.address, pages, access] { platform::AdoptPageAccess(address, pages, access); });
  }
  // Last, when no CPU can cache any of it again.
  platform::AdoptPageAccess(region.address, pages, access);
  return Status::kOk;
}

void FreeRegion(const Region& region) {
  Status status = SetRegionAccess(region, RegionAccess::kNormal);
  // Without room for a page table its access was never set.
  TORO_CHECK(status == Status::kOk || status == Status::kOutOfMemory,
             "freed a region that is none of this CPU; its owner frees it");
  Cpu::Current().partition().FreePages(region.address);
}

}  // namespace toro
