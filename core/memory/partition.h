// Partition: the memory of one CPU, and the allocator on it.
//
// WHY. Every allocation is made by, and owned for ever by, the CPU that asked, so the fast path needs no atomic, no
// lock and no look at any other CPU: a free list per size class. A pointer that another CPU frees travels home
// (core/kernel: ReturnPath) and is freed here.
//
// LAYOUT
//   up to 32 KiB    slabs of one size class, carved on demand; a free object holds {next, mark}
//   above           page runs (page_runs.h)
//   of an address   its page entry says which of the two, and which class: objects have no header
//
// INVARIANTS
//   I1. One CPU calls everything here: the owner.
//   I2. Objects are 16-byte aligned at least; a class whose size is a multiple of a power of two up to kPageBytes is
//       aligned to it, because slabs are page aligned and have no header.
//   I3. mark == secret ^ address exactly while an object is free; Allocate clears it. A second Free sees it and stops.
//   I4. Exhaustion returns null, never hangs. Size 0 gives a unique pointer.
//
// COST. Allocate and Free of a small object: one list operation, one page entry, the mark. No loop.
#ifndef CORE_MEMORY_PARTITION_H_
#define CORE_MEMORY_PARTITION_H_

#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/cpu_id.h"
#include "core/memory/page_runs.h"
#include "core/memory/size_classes.h"

namespace toro {

// Sums over a partition. Bytes are what was handed out, rounded up to size classes and pages.
struct PartitionStatistics {
  size_t total_bytes = 0;
  size_t used_bytes = 0;  // held by callers now
  size_t slab_bytes = 0;  // pages that serve small objects, in use or not
  uint64_t allocations = 0;
  uint64_t frees = 0;
};

class Partition {
 public:
  // Takes over `ranges`. `secret` makes marks unpredictable.
  Partition(CpuId owner, const PartitionRanges& ranges, uint64_t secret);
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  // Null when the partition has no room.
  void* Allocate(size_t bytes) {
    if (__builtin_expect(bytes > kLargestSmallBytes, 0)) return AllocateLarge(bytes, kPageBytes);
    return AllocateClass(SizeClassOf(bytes));
  }

  // `align_bytes` is a power of two. Null when the partition has no room.
  void* AllocateAligned(size_t bytes, size_t align_bytes);

  // `object` came from this partition. Null is allowed. Stops when it is free already, when it is not 16-byte aligned,
  // and when it lies in no slab and begins no run. (A pointer into the middle of a small object is not recognised.)
  void Free(void* object) {
    if (object == nullptr) return;
    const PageEntry* entry = pages_.EntryOf(object);
    if (__builtin_expect(entry != nullptr && entry->kind() == PageKind::kSlab, 1)) {
      FreeSmall(object, classes_[entry->size_class()]);
    } else {
      FreeLarge(object);
    }
  }

  // Frees `object` if it is a small object of this partition's first range: the common case, in the fewest
  // instructions. False: not that; nothing was done. Null is not that.
  bool FreeIfSmall(void* object) {
    const PageEntry* entry = pages_.EntryInFirstRange(object);
    if (__builtin_expect(entry == nullptr || entry->kind() != PageKind::kSlab, 0)) return false;
    FreeSmall(object, classes_[entry->size_class()]);
    return true;
  }

  // The bytes that the holder of `object` may use, at least what was asked for.
  size_t UsableBytes(const void* object);

  // Page runs for stacks. Null: no room.
  void* AllocatePages(size_t pages);
  // As AllocatePages, but never reclaims: for page tables, whose code must not be entered again meanwhile.
  void* TakePages(size_t pages) { return pages_.Allocate(pages); }
  void FreePages(void* run) { pages_.Free(run); }

  CpuId owner() const { return owner_; }
  PartitionStatistics Statistics() const;

  // Called when memory runs out, before the allocation fails; true: something came back, try again. It may allocate
  // and free here.
  using Reclaim = bool (*)(void* context);
  void SetReclaim(Reclaim reclaim, void* context) {
    reclaim_ = reclaim;
    reclaim_context_ = context;
  }

 private:
  struct FreeObject {
    FreeObject* next;
    uint64_t mark;
  };
  struct SizeClass {
    FreeObject* free = nullptr;
    char* carve = nullptr;  // the rest of the newest slab
    char* carve_end = nullptr;
    uint32_t bytes = 0;
    uint32_t slab_pages = 0;
    uint64_t allocations = 0;
    uint64_t frees = 0;
  };

  void* AllocateClass(size_t size_class) {
    SizeClass& c = classes_[size_class];
    FreeObject* object = c.free;
    if (__builtin_expect(object == nullptr, 0)) return AllocateFromSlab(size_class);
    c.free = object->next;
    object->mark = 0;
    ++c.allocations;
    return object;
  }

  void FreeSmall(void* pointer, SizeClass& c) {
    FreeObject* object = static_cast<FreeObject*>(pointer);
    uint64_t mark = secret_ ^ reinterpret_cast<uintptr_t>(pointer);
    if (__builtin_expect(object->mark == mark || reinterpret_cast<uintptr_t>(pointer) % kLeastObjectBytes != 0, 0)) {
      BadFree(pointer);
    }
    object->mark = mark;
    object->next = c.free;
    c.free = object;
    ++c.frees;
  }

  void* AllocateFromSlab(size_t size_class);
  void* AllocateLarge(size_t bytes, size_t align_bytes);
  void FreeLarge(void* object);
  [[noreturn]] void BadFree(void* object);
  bool ReclaimSome() { return reclaim_ != nullptr && reclaim_(reclaim_context_); }

  uint64_t secret_;
  PageRuns pages_;
  SizeClass classes_[kSizeClasses];
  CpuId owner_;
  size_t slab_pages_ = 0;
  uint64_t large_allocations_ = 0;
  uint64_t large_frees_ = 0;
  Reclaim reclaim_ = nullptr;
  void* reclaim_context_ = nullptr;
};

}  // namespace toro

#endif  // CORE_MEMORY_PARTITION_H_
