// Partition: the memory of one CPU, and the allocator on it.
//
// WHY. Every allocation is made by, and owned for ever by, the CPU that asked, so the fast path needs no atomic, no
// lock and no look at any other CPU: a free list per size class. A pointer that another CPU frees travels home
// (core/kernel: ReturnPath) and is freed here.
//
// LAYOUT
//   up to 32 KiB    objects of slabs, a slab for each size class (slab.h)
//   above           page runs (page_runs.h); from kGuardedBytes on with a guard page at each end
//   of an address   its page entry says which of the two, which class, and which slab: objects have no header
//
// A SMALL OBJECT THAT IS FREE is in one of two places:
//   the magazine    of its class: an array of pointers, last in, first out. An array, because the next pointer is then
//                   known without a look at the object, which may be in no cache. [bench: alloc_batch]
//   its slab        When the magazine is full a batch goes back to the slabs; when it is empty a batch comes, from
//   slabs
//                   of which little is free before those of which much is, so that the latter become empty. An empty
//                   slab is given back to the page runs
// A magazine holds two batches at least, so no pair of calls alternates between filling and relieving it; and the last
// slab of a class with a batch free in it is kept, so no pair of batches takes and gives back pages.
// The limit follows the program: it rises when the magazine is soon empty again, with an array of its own from the page
// runs, and falls else.
//
// HARDENING, always on; `Hardening::kOff` exists for the benchmark, which says what it costs
//   - an object that leaves magazine or slab must carry its mark (I3), so a write to freed memory is noticed; links are
//     in the free objects of slabs only, encoded with a secret and their own address
//   - freeing twice, the middle of an object, another size than was allocated, a stack: each stops with its name
//   - the objects of a new slab come in an order that depends on the secret
//   - guard pages around large runs; a few that are freed are kept with them, and named when they are freed twice
//
// INVARIANTS
//   I1. One CPU calls everything here, the owner; but UsableBytes of a live object any CPU may ask.
//   I2. Objects are 16-byte aligned at least; a class whose size is a multiple of a power of two up to kPageBytes is
//       aligned to it, because slabs are page aligned and have no header.
//   I3. mark == secret ^ address exactly while an object is free; Allocate clears it. A second Free sees it and stops.
//   I4. Exhaustion returns null, never hangs. Size 0 gives a unique pointer.
//   I5. A slab is in the list of its class exactly while something in it is free and not in the magazine.
//   I6. bottom <= top < end, or, while FailAfter is set, all three are the same between calls.
//
// COST. Allocate and Free of a small object: one word of an array, one page entry, the mark. At most once in as many
// calls as a batch has objects (16 or fewer): a batch moved, and perhaps a slab taken or given back, O(1).
#ifndef CORE_MEMORY_PARTITION_H_
#define CORE_MEMORY_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu_id.h"
#include "core/machine/simulation.h"
#include "core/memory/page_runs.h"
#include "core/memory/size_classes.h"
#include "core/memory/slab.h"

namespace toro {

// Sums over a partition. Bytes are what was handed out, rounded up to size classes and pages.
struct PartitionStatistics {
  size_t total_bytes = 0;
  size_t used_bytes = 0;  // held by callers now, guard pages not counted
  size_t slab_bytes = 0;  // pages that serve small objects, in use or not
  uint64_t allocations = 0;
  uint64_t frees = 0;
  uint64_t guarded_runs = 0;    // large runs that got their guard pages
  uint64_t unguarded_runs = 0;  // that should have, and did not: the platform or the partition had no room
};

// What one size class of a partition has done.
struct SizeClassStatistics {
  size_t object_bytes = 0;
  size_t slab_bytes = 0;  // pages of its slabs now
  uint64_t live = 0;      // objects held by callers now
  uint64_t allocations = 0;
  uint64_t frees = 0;          // all of them
  uint64_t foreign_frees = 0;  // of those, by other CPUs
};

enum class Hardening { kOff, kOn };

template <Hardening hardening>
class PartitionWith {
 public:
  // From so many bytes on a run has guard pages. Hosted, to set and to clear two guards takes 5.4 us (four system
  // calls). To write so many bytes once takes 41 us, so the guards cost who uses the memory an eighth at most; of 256
  // KiB, which take 12 us, they would cost half. [bench: alloc_guarded] On the bare machine a guard is an entry written
  // and INVLPG, and the first one in a large page splits it, once and for ever: runs of half a large page split the
  // fewer.
  static constexpr size_t kGuardedBytes = kMiB;
  // So many guarded runs are kept with their guards when they are freed, until memory runs out: a program that takes
  // and frees the like again and again pays for its guards once. So many, because one must be kept that is long enough
  // and not much longer, also when the lengths differ. [bench: alloc_guarded, alloc_guarded_pair]
  static constexpr size_t kKeptRuns = 32;

  // Takes over `ranges`. `secret` makes marks, links and the order of objects unpredictable. O(1).
  [[gnu::cold]] PartitionWith(CpuId owner, const PartitionRanges& ranges, uint64_t secret);
  PartitionWith(const PartitionWith&) = delete;
  PartitionWith& operator=(const PartitionWith&) = delete;

  // Null when the partition has no room. Any size; 0 counts as 1.
  void* Allocate(size_t bytes) {
    if (__builtin_expect(bytes > kLargestSmallBytes, 0)) return AllocateLarge(bytes, kPageBytes);
    return AllocateClass(classes_[SizeClassOf(bytes)]);
  }

  // `align_bytes` is a power of two, or the kernel stops. Null when the partition has no room.
  void* AllocateAligned(size_t bytes, size_t align_bytes);

  // `object` came from this partition. Null is allowed. Stops with a message when it is free already and when no object
  // begins there.
  void Free(void* object);

  // Frees `object` if it is a small object of this partition's first range: the common case, in the fewest
  // instructions. False: not that; nothing was done. Null is not that.
  bool FreeIfSmall(void* object) {
    if (__builtin_expect(!pages_.InFirstRange(object), 0)) return false;
    const PageEntry entry = pages_.EntryUnchecked(object);
    if (__builtin_expect(!entry.in_slab(), 0)) return false;
    FreeSmall(object, entry, classes_[entry.size_class()]);
    return true;
  }

  // As FreeIfSmall, when it is known that `object` was allocated with `bytes` (and no larger alignment than 16): does
  // not wait for the page entry. Stops when `bytes` is of another class than the object.
  bool FreeIfSmallSized(void* object, size_t bytes) {
    if (__builtin_expect(bytes > kLargestSmallBytes || !pages_.InFirstRange(object), 0)) return false;
    const PageEntry entry = pages_.EntryUnchecked(object);
    if (__builtin_expect(!entry.in_slab(), 0)) return false;
    size_t size_class = SizeClassOf(bytes);
    if (hardening == Hardening::kOn && __builtin_expect(entry.size_class() != size_class, 0)) BadFree(object, entry);
    FreeSmall(object, entry, classes_[size_class]);
    return true;
  }

  // As Free, for an object that another CPU has sent home.
  void FreeReturned(void* object);

  // The bytes that the holder of `object` may use, at least what was asked for; 0 when it is no object. Any CPU that
  // holds the object: see page_runs.h, I4.
  size_t UsableBytes(const void* object) const;

  // Page runs for stacks. Null: no room.
  void* AllocatePages(size_t pages);
  // As AllocatePages, but never reclaims: for page tables, whose code must not be entered again meanwhile.
  void* TakePages(size_t pages) { return pages_.Allocate(pages, kPageBytes, 0, PageKind::kKernelFirst); }
  void FreePages(void* run) {
    if constexpr (Simulation::kOn) Simulation::Freed(owner_, run, pages_.EntryOf(run)->pages() * kPageBytes);
    pages_.Free(run, PageKind::kStackFirst);
  }

  CpuId owner() const { return owner_; }
  [[gnu::cold]] PartitionStatistics Statistics() const;
  // `size_class` < kSizeClasses.
  SizeClassStatistics StatisticsOf(size_t size_class) const;

  // Asked when memory runs out, with attempt 0, 1, 2 ..., each time followed by another try, until it returns false:
  // there is nothing (more) to be done, and the allocation fails. It may allocate and free here; an allocation that
  // fails inside of it just fails.
  using Reclaim = bool (*)(void* context, int attempt, size_t bytes);
  void SetReclaim(Reclaim reclaim, void* context) {
    reclaim_ = reclaim;
    reclaim_context_ = context;
  }

  // While one exists an allocation that finds no room just fails: Reclaim is not asked. For who uses memory up for a
  // moment, so that nobody else runs meanwhile. They nest.
  class NoReclaim {
   public:
    explicit NoReclaim(PartitionWith& partition)
        : partition_(partition), before_(std::exchange(partition.reclaiming_, true)) {}
    ~NoReclaim() { partition_.reclaiming_ = before_; }
    NoReclaim(const NoReclaim&) = delete;
    NoReclaim& operator=(const NoReclaim&) = delete;

   private:
    PartitionWith& partition_;
    bool before_;
  };

  // Gives all pages back in which nothing is in use, also those that are kept to be fast. True if there were any.
  bool GiveBackEmptySlabs();

  // For tests: the next `allocations` succeed, if they can, and all that follow fail, as if there were no memory, until
  // it is called again. kNever: none fails. While one is set each call takes the slow way.
  void FailAfter(uint64_t allocations);

 private:
  struct alignas(2 * kCacheLineBytes) SizeClass {
    // What the fast path touches. The magazine is an array: the free objects lie from `bottom` to `top`.
    FreeObject** top = nullptr;
    FreeObject** bottom = nullptr;
    FreeObject** end = nullptr;  // I6
    uint64_t allocations = 0;
    uint64_t reciprocal = 0;  // 2^64 / bytes, rounded up
    uint64_t foreign_frees = 0;
    uint32_t bytes = 0;
    uint32_t batch = 0;  // objects moved at a time

    IntrusiveList<Slab> slabs;  // I5
    size_t slab_count = 0;
    size_t objects_in_list = 0;  // free in the slabs of the list
    uint64_t filled_at = 0;      // `allocations` when the magazine was filled last
    uint32_t slab_pages = 0;
    uint32_t slab_objects = 0;
    uint32_t first_slot = 0;   // its part of `arrays_`
    uint32_t array_pages = 0;  // of an array of its own; 0: it has none

    size_t count() const { return static_cast<size_t>(top - bottom); }
    size_t limit() const { return static_cast<size_t>(end - bottom); }
  };

  // ---- a free object ----

  static uint64_t AddressOf(const void* object) { return reinterpret_cast<uintptr_t>(object); }
  uint64_t MaskOf(const void* object) const { return hardening == Hardening::kOn ? secret_ ^ AddressOf(object) : 0; }
  FreeObject* NextOf(const FreeObject* object) const {
    return reinterpret_cast<FreeObject*>(object->link ^ MaskOf(object));
  }
  void SetNext(FreeObject* object, const FreeObject* next) const { object->link = AddressOf(next) ^ MaskOf(object); }
  bool Marked(const FreeObject* object) const { return object->mark == MaskOf(object); }
  void CheckUntouched(const FreeObject* object) const {
    if (hardening == Hardening::kOn && __builtin_expect(!Marked(object), 0)) WrittenAfterFree(object);
  }

  // ---- the fast path ----

  void* AllocateClass(SizeClass& c) {
    FreeObject** top = c.top;
    if (__builtin_expect(top == c.bottom, 0)) return AllocateSlowly(c);
    FreeObject* object = top[-1];
    c.top = top - 1;
    ++c.allocations;
    CheckUntouched(object);
    if constexpr (hardening == Hardening::kOn) object->mark = 0;
    Simulation::Allocated(owner_, object, c.bytes);
    return object;
  }

  void FreeSmall(void* pointer, PageEntry entry, SizeClass& c) {
    FreeObject* object = static_cast<FreeObject*>(pointer);
    if constexpr (hardening == Hardening::kOn) {
      // The offset is a multiple of the size exactly when this product, modulo 2^64, is small [lemire-divisible].
      bool begins = entry.OffsetInSlab(pointer) * c.reciprocal < c.reciprocal;
      if (__builtin_expect(!begins || Marked(object), 0)) BadFree(pointer, entry);
      object->mark = MaskOf(object);
    }
    Simulation::Freed(owner_, pointer, c.bytes);
    FreeObject** top = c.top;
    *top = object;
    c.top = ++top;
    if (__builtin_expect(top >= c.end, 0)) RelieveMagazine(c);
  }

  // ---- the slow path ----

  void* AllocateSlowly(SizeClass& c);
  bool FillMagazine(SizeClass& c);
  void RelieveMagazine(SizeClass& c);
  void GiveToSlabs(SizeClass& c, size_t count);
  void SetLimit(SizeClass& c, size_t limit);
  static size_t ShrinkOf(const SizeClass& c) { return c.batch < 4 ? 1 : c.batch / 4; }
  void UseArray(SizeClass& c, FreeObject** array, size_t pages);
  Slab* TakeSlab(SizeClass& c);
  void GiveBackSlab(SizeClass& c, Slab& slab);
  FreeObject* CarveOne(const SizeClass& c, Slab& slab);
  void* AllocateLarge(size_t bytes, size_t align_bytes);
  void* TakeGuarded(size_t pages, size_t align_bytes);
  void* TakeKept(size_t pages, size_t align_bytes);
  void FreeLarge(void* object);
  void KeepGuarded(void* object);
  void GiveBackGuarded(void* object);
  bool GiveBackKept();
  bool MayAllocate();
  bool ReclaimSome(int attempt, size_t bytes);
  template <typename Try>
  void* TryAndReclaim(size_t bytes, Try attempt_once);

  [[noreturn, gnu::cold]] void BadFree(void* object, PageEntry entry) const;
  [[noreturn]] void WrittenAfterFree(const void* object) const;

  uint64_t secret_;
  PageRuns pages_;
  SizeClass classes_[kSizeClasses];
  FreeObject* arrays_[kLeastMagazineSlots];  // of the magazines that have none of their own
  CpuId owner_;
  bool reclaiming_ = false;  // no other reclaim then
  uint64_t random_;          // state of the order of objects
  size_t slab_pages_ = 0;
  uint64_t large_allocations_ = 0;
  uint64_t large_frees_ = 0;
  size_t guard_pages_ = 0;
  void* kept_[kKeptRuns] = {};  // the last one freed first, null behind the last
  size_t kept_pages_ = 0;
  uint64_t guarded_runs_ = 0;
  uint64_t unguarded_runs_ = 0;
  uint64_t fail_after_ = kNever;
  Reclaim reclaim_ = nullptr;
  void* reclaim_context_ = nullptr;
};

using Partition = PartitionWith<Hardening::kOn>;

extern template class PartitionWith<Hardening::kOn>;
extern template class PartitionWith<Hardening::kOff>;

}  // namespace toro

#endif  // CORE_MEMORY_PARTITION_H_
