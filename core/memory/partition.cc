#include "core/memory/partition.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

#include "core/base/mix.h"
#include "core/memory/guard_pages.h"

namespace toro {
namespace {

// A magazine may grow to so many bytes. [bench: alloc_batch]
constexpr size_t kMagazineBytes = 64 * kKiB;
// A magazine grows that has been full and so many batches when it is filled again; the array for it is at most that
// share of the slabs.
constexpr size_t kSoonInBatches = 6;
constexpr size_t kArrayShare = 4;

// What is kept with its guards is at most such a share of the partition; and it serves what leaves at most an eighth of
// it unused, as with size classes.
constexpr size_t kKeptShare = 4;
constexpr size_t kMostUnusedShare = 8;

}  // namespace

template <Hardening hardening>
PartitionWith<hardening>::PartitionWith(CpuId owner, const PartitionRanges& ranges, uint64_t secret)
    : secret_(secret), pages_(ranges), owner_(owner), random_(Mix(secret)) {
  uint32_t first_slot = 0;
  for (size_t i = 0; i < kSizeClasses; ++i) {
    SizeClass& c = classes_[i];
    size_t bytes = SizeClassBytes(i);
    c.bytes = static_cast<uint32_t>(bytes);
    c.reciprocal = UINT64_MAX / bytes + 1;
    c.slab_pages = static_cast<uint32_t>(SlabPages(i));
    c.slab_objects = static_cast<uint32_t>(c.slab_pages * kPageBytes / bytes);
    c.batch = static_cast<uint32_t>(BatchObjects(i));
    c.first_slot = first_slot;
    c.top = c.bottom = arrays_ + first_slot;
    c.end = c.bottom + 2 * c.batch;
    first_slot += 2 * c.batch;
  }
}

// ---- magazines ----

template <Hardening hardening>
void* PartitionWith<hardening>::AllocateSlowly(SizeClass& c) {
  if (!MayAllocate()) return nullptr;
  for (int attempt = 0;; ++attempt) {
    // What a reclaim ran may have freed one.
    if (c.top != c.bottom || FillMagazine(c)) return AllocateClass(c);
    if (!ReclaimSome(attempt, c.bytes)) return nullptr;
  }
}

// The magazine is empty. False: no memory.
template <Hardening hardening>
bool PartitionWith<hardening>::FillMagazine(SizeClass& c) {
  const bool one_by_one = fail_after_ != kNever;
  if (!one_by_one) {
    // Soon empty again: the program takes many in a row.
    const bool soon = c.allocations - c.filled_at <= c.limit() + kSoonInBatches * c.batch;
    SetLimit(c, soon ? c.limit() + c.batch : c.limit() - ShrinkOf(c));
    c.filled_at = c.allocations;
  }
  const size_t wanted = one_by_one ? 1 : c.batch;
  while (c.count() < wanted) {
    Slab* slab = c.slabs.front();
    if (slab == nullptr && c.count() == 0) slab = TakeSlab(c);
    if (slab == nullptr) break;
    const size_t count = std::min<size_t>(wanted - c.count(), slab->in_list);
    for (size_t i = 0; i < count; ++i) {
      FreeObject* object = slab->free;
      if (object != nullptr) {
        CheckUntouched(object);
        slab->free = NextOf(object);
        object->link = 0;  // who gets the object must not learn the secret from it
      } else {
        object = CarveOne(c, *slab);
      }
      *c.top++ = object;
    }
    slab->in_list -= static_cast<uint32_t>(count);
    c.objects_in_list -= count;
    if (slab->in_list == 0) c.slabs.Remove(*slab);
  }
  return c.count() > 0;
}

// The magazine is full. A program that only gives is left a small one.
template <Hardening hardening>
void PartitionWith<hardening>::RelieveMagazine(SizeClass& c) {
  if (fail_after_ != kNever) return GiveToSlabs(c, SIZE_MAX);
  GiveToSlabs(c, c.batch);
  SetLimit(c, c.limit() - ShrinkOf(c));
}

// As near to `limit` as may be. For more than two batches the class takes an array of its own, and keeps it until
// memory runs out.
template <Hardening hardening>
void PartitionWith<hardening>::SetLimit(SizeClass& c, size_t limit) {
  const size_t least = 2 * c.batch;
  limit = std::max({std::min(limit, kMagazineBytes / c.bytes), least, c.count() + 1});
  const size_t pages = limit > least ? AlignUp(limit * sizeof(FreeObject*), kPageBytes) / kPageBytes : 0;
  if (pages > c.array_pages) {
    const bool small = pages * kArrayShare <= c.slab_count * c.slab_pages;
    void* array = small ? pages_.Allocate(pages, kPageBytes, 0, PageKind::kKernelFirst) : nullptr;
    if (array == nullptr) return;
    UseArray(c, static_cast<FreeObject**>(array), pages);
  }
  c.end = c.bottom + limit;
}

// Moves what the magazine holds to `array`, of so many pages of its own or of none.
template <Hardening hardening>
void PartitionWith<hardening>::UseArray(SizeClass& c, FreeObject** array, size_t pages) {
  FreeObject** before = std::exchange(c.bottom, array);
  c.top = std::copy(before, c.top, array);
  if (c.array_pages > 0) pages_.Free(before, PageKind::kKernelFirst);
  slab_pages_ += pages - c.array_pages;
  c.array_pages = static_cast<uint32_t>(pages);
}

// Moves `count` objects, or all, from the magazine.
template <Hardening hardening>
void PartitionWith<hardening>::GiveToSlabs(SizeClass& c, size_t count) {
  for (; count > 0 && c.top != c.bottom; --count) {
    FreeObject* object = *--c.top;
    CheckUntouched(object);
    Slab& slab = pages_.SlabOf(object);
    SetNext(object, slab.free);
    slab.free = object;
    // Little of it is free, so it is used up first.
    if (slab.in_list++ == 0) c.slabs.PushFront(slab);
    ++c.objects_in_list;
    if (slab.in_list == c.slab_objects) {
      if (c.objects_in_list >= c.slab_objects + c.batch) {
        GiveBackSlab(c, slab);
      } else {
        c.slabs.Remove(slab);
        c.slabs.PushBack(slab);
      }
    }
  }
}

// ---- slabs ----

template <Hardening hardening>
FreeObject* PartitionWith<hardening>::CarveOne(const SizeClass& c, Slab& slab) {
  auto* object = reinterpret_cast<FreeObject*>(slab.begin + size_t{slab.carve_at} * c.bytes);
  object->mark = MaskOf(object);
  --slab.to_carve;
  slab.carve_at += slab.carve_step;
  if (slab.carve_at >= c.slab_objects) slab.carve_at -= c.slab_objects;
  return object;
}

// A slab that is in the list of its class. Null: no memory.
template <Hardening hardening>
Slab* PartitionWith<hardening>::TakeSlab(SizeClass& c) {
  auto* begin = static_cast<char*>(pages_.Allocate(c.slab_pages));
  if (begin == nullptr) return nullptr;
  PageEntry* entries = pages_.EntryOf(begin);
  size_t size_class = static_cast<size_t>(&c - classes_);
  for (size_t page = 0; page < c.slab_pages; ++page) entries[page] = PageEntry::OfSlab(size_class, page);
  Slab* slab = new (&pages_.SlabOf(begin)) Slab;
  slab_pages_ += c.slab_pages;
  ++c.slab_count;
  slab->begin = begin;
  slab->in_list = slab->to_carve = c.slab_objects;
  slab->carve_step = 1;
  if constexpr (hardening == Hardening::kOn) {
    random_ = Mix(random_);
    slab->carve_at = static_cast<uint32_t>(random_ >> 32) % c.slab_objects;
    slab->carve_step = static_cast<uint32_t>(random_) % c.slab_objects;
    while (std::gcd(slab->carve_step, c.slab_objects) != 1) ++slab->carve_step;
    // One step more than all there are is the same step.
    slab->carve_step %= c.slab_objects;
  }
  c.slabs.PushBack(*slab);
  c.objects_in_list += c.slab_objects;
  return slab;
}

// All of it is in its list.
template <Hardening hardening>
void PartitionWith<hardening>::GiveBackSlab(SizeClass& c, Slab& slab) {
  c.slabs.Remove(slab);
  c.objects_in_list -= c.slab_objects;
  --c.slab_count;
  slab_pages_ -= c.slab_pages;
  PageEntry* entries = pages_.EntryOf(slab.begin);
  entries[0] = PageEntry(PageKind::kUsedFirst, c.slab_pages);
  for (size_t page = 1; page < c.slab_pages; ++page) entries[page] = PageEntry();
  pages_.Free(slab.begin);
}

template <Hardening hardening>
bool PartitionWith<hardening>::GiveBackEmptySlabs() {
  size_t before = slab_pages_;
  for (SizeClass& c : classes_) {
    GiveToSlabs(c, SIZE_MAX);
    for (Slab* slab = c.slabs.front(); slab != nullptr;) {
      Slab* next = c.slabs.After(*slab);
      if (slab->in_list == c.slab_objects) GiveBackSlab(c, *slab);
      slab = next;
    }
    if (c.array_pages > 0) UseArray(c, arrays_ + c.first_slot, 0);
    c.end = c.bottom + (fail_after_ == kNever ? 2 * c.batch : 0);
  }
  return GiveBackKept() || slab_pages_ < before;
}

// ---- page runs ----

template <Hardening hardening>
template <typename Try>
void* PartitionWith<hardening>::TryAndReclaim(size_t bytes, Try take) {
  if (!MayAllocate()) return nullptr;
  for (int attempt = 0;; ++attempt) {
    if (void* run = take()) return run;
    if (!ReclaimSome(attempt, bytes)) return nullptr;
  }
}

template <Hardening hardening>
void* PartitionWith<hardening>::TakeGuarded(size_t pages, size_t align_bytes) {
  if (void* kept = TakeKept(pages, align_bytes)) return kept;
  char* low = static_cast<char*>(pages_.Allocate(pages + kGuardPages, align_bytes, 1));
  if (low == nullptr && GiveBackKept()) low = static_cast<char*>(pages_.Allocate(pages + kGuardPages, align_bytes, 1));
  if (low == nullptr) return nullptr;
  char* object = low + kPageBytes;
  if (!SetGuardPages(low, object + pages * kPageBytes, true)) {
    pages_.Free(low);
    return nullptr;
  }
  *pages_.EntryOf(object) = PageEntry(PageKind::kGuardedFirst, pages);
  ++guarded_runs_;
  guard_pages_ += kGuardPages;
  return object;
}

// The last one freed that is long enough, and not much longer. Null: none.
template <Hardening hardening>
void* PartitionWith<hardening>::TakeKept(size_t pages, size_t align_bytes) {
  for (size_t i = 0; i < kKeptRuns && kept_[i] != nullptr; ++i) {
    void* object = kept_[i];
    PageEntry* entry = pages_.EntryOf(object);
    const size_t unused = entry->pages() - pages;  // wraps around when it is too short
    if (unused > pages / kMostUnusedShare || AddressOf(object) % align_bytes != 0) continue;
    std::copy(kept_ + i + 1, kept_ + kKeptRuns, kept_ + i);
    kept_[kKeptRuns - 1] = nullptr;
    kept_pages_ -= entry->pages();
    *entry = PageEntry(PageKind::kGuardedFirst, entry->pages());
    ++guarded_runs_;
    return object;
  }
  return nullptr;
}

template <Hardening hardening>
void* PartitionWith<hardening>::AllocateLarge(size_t bytes, size_t align_bytes) {
  if (bytes > pages_.total_pages() * kPageBytes) return nullptr;
  const size_t pages = AlignUp(bytes == 0 ? 1 : bytes, kPageBytes) / kPageBytes;
  const bool guarded = hardening == Hardening::kOn && bytes >= kGuardedBytes;
  void* run = TryAndReclaim(bytes, [=, this] {
    void* taken = guarded ? TakeGuarded(pages, align_bytes) : nullptr;
    if (taken != nullptr) return taken;
    taken = pages_.Allocate(pages, align_bytes);
    if (taken != nullptr && guarded) ++unguarded_runs_;
    return taken;
  });
  if (run == nullptr) return nullptr;
  ++large_allocations_;
  if constexpr (Simulation::kOn) Simulation::Allocated(owner_, run, UsableBytes(run));
  return run;
}

template <Hardening hardening>
void PartitionWith<hardening>::FreeLarge(void* object) {
  if constexpr (Simulation::kOn) Simulation::Freed(owner_, object, UsableBytes(object));
  PageEntry* entry = pages_.EntryOf(object);
  bool guarded = entry != nullptr && entry->kind() == PageKind::kGuardedFirst && AddressOf(object) % kPageBytes == 0;
  if (guarded) {
    KeepGuarded(object);
  } else {
    pages_.Free(object);
  }
  ++large_frees_;
}

// Makes room by giving back those that were freed longest ago.
template <Hardening hardening>
void PartitionWith<hardening>::KeepGuarded(void* object) {
  PageEntry* entry = pages_.EntryOf(object);
  const size_t most = pages_.total_pages() / kKeptShare;
  if (entry->pages() > most) return GiveBackGuarded(object);
  size_t count = 0;
  while (count < kKeptRuns && kept_[count] != nullptr) ++count;
  while (count == kKeptRuns || kept_pages_ + entry->pages() > most) {
    void* last = std::exchange(kept_[--count], nullptr);
    kept_pages_ -= pages_.EntryOf(last)->pages();
    GiveBackGuarded(last);
  }
  *entry = PageEntry(PageKind::kKeptFirst, entry->pages());
  kept_pages_ += entry->pages();
  std::copy_backward(kept_, kept_ + count, kept_ + count + 1);
  kept_[0] = object;
}

template <Hardening hardening>
void PartitionWith<hardening>::GiveBackGuarded(void* object) {
  PageEntry* entry = pages_.EntryOf(object);
  char* low = static_cast<char*>(object) - kPageBytes;
  // A page without its guard costs no memory, so this cannot fail.
  TORO_CHECK(SetGuardPages(low, static_cast<char*>(object) + entry->pages() * kPageBytes, false));
  guard_pages_ -= kGuardPages;
  *entry = PageEntry();
  pages_.Free(low);
}

// True if there were any.
template <Hardening hardening>
bool PartitionWith<hardening>::GiveBackKept() {
  const bool any = kept_[0] != nullptr;
  for (void*& object : kept_) {
    if (object != nullptr) GiveBackGuarded(object);
    object = nullptr;
  }
  kept_pages_ = 0;
  return any;
}

template <Hardening hardening>
void* PartitionWith<hardening>::AllocatePages(size_t pages) {
  void* run = TryAndReclaim(pages * kPageBytes,
                            [=, this] { return pages_.Allocate(pages, kPageBytes, 0, PageKind::kStackFirst); });
  if (run != nullptr) Simulation::Allocated(owner_, run, pages * kPageBytes);
  return run;
}

template <Hardening hardening>
void* PartitionWith<hardening>::AllocateAligned(size_t bytes, size_t align_bytes) {
  TORO_CHECK(IsPowerOfTwo(align_bytes), "alignment must be a power of two");
  if (align_bytes <= kLeastObjectBytes) return Allocate(bytes);
  if (align_bytes > pages_.total_pages() * kPageBytes) return nullptr;
  if (bytes > kLargestSmallBytes || align_bytes > kPageBytes) {
    return AllocateLarge(bytes, align_bytes < kPageBytes ? kPageBytes : align_bytes);
  }
  // I2: the first class whose size is a multiple of the alignment; at most one doubling away.
  size_t rounded = AlignUp(bytes == 0 ? 1 : bytes, align_bytes);
  if (rounded > kLargestSmallBytes) return AllocateLarge(bytes, kPageBytes);
  size_t size_class = SizeClassOf(rounded);
  while (classes_[size_class].bytes % align_bytes != 0) ++size_class;
  return AllocateClass(classes_[size_class]);
}

// ---- the rest ----

template <Hardening hardening>
bool PartitionWith<hardening>::MayAllocate() {
  if (fail_after_ == kNever) return true;
  if (fail_after_ == 0) return false;
  --fail_after_;
  return true;
}

template <Hardening hardening>
void PartitionWith<hardening>::FailAfter(uint64_t allocations) {
  fail_after_ = allocations;
  GiveBackEmptySlabs();
}

template <Hardening hardening>
bool PartitionWith<hardening>::ReclaimSome(int attempt, size_t bytes) {
  if (attempt == 0) {
    GiveBackEmptySlabs();
    return true;
  }
  if (reclaiming_ || reclaim_ == nullptr) return false;
  reclaiming_ = true;
  bool more = reclaim_(reclaim_context_, attempt - 1, bytes);
  if (more) GiveBackEmptySlabs();
  reclaiming_ = false;
  return more;
}

template <Hardening hardening>
void PartitionWith<hardening>::Free(void* object) {
  if (object == nullptr) return;
  const PageEntry* entry = pages_.EntryOf(object);
  if (entry == nullptr || !entry->in_slab()) return FreeLarge(object);
  FreeSmall(object, *entry, classes_[entry->size_class()]);
}

template <Hardening hardening>
void PartitionWith<hardening>::FreeReturned(void* object) {
  const PageEntry* entry = pages_.EntryOf(object);
  if (__builtin_expect(entry == nullptr || !entry->in_slab(), 0)) return FreeLarge(object);
  SizeClass& c = classes_[entry->size_class()];
  ++c.foreign_frees;
  FreeSmall(object, *entry, c);
}

template <Hardening hardening>
void PartitionWith<hardening>::BadFree(void* object, PageEntry entry) const {
  const char* message = "free with another size than was allocated";
  if (entry.OffsetInSlab(object) % classes_[entry.size_class()].bytes != 0) {
    message = "free of a pointer that no allocation returned: it lies in the middle of an object";
  } else if (Marked(static_cast<FreeObject*>(object))) {
    message = "double free: this object is free already";
  }
  TORO_FAIL_AT(message, object);
}

template <Hardening hardening>
void PartitionWith<hardening>::WrittenAfterFree(const void* object) const {
  TORO_FAIL_AT("a free object was written to: use after free, or an overflow of the object before it", object);
}

template <Hardening hardening>
size_t PartitionWith<hardening>::UsableBytes(const void* object) const {
  const PageEntry* entry = pages_.EntryOfLiveObject(object);
  if (entry == nullptr) return 0;
  if (entry->in_slab()) return SizeClassBytes(entry->size_class());
  bool first = entry->kind() == PageKind::kUsedFirst || entry->kind() == PageKind::kGuardedFirst;
  return first ? entry->pages() * kPageBytes : 0;
}

template <Hardening hardening>
SizeClassStatistics PartitionWith<hardening>::StatisticsOf(size_t size_class) const {
  const SizeClass& c = classes_[size_class];
  SizeClassStatistics s;
  s.object_bytes = c.bytes;
  s.slab_bytes = c.slab_count * c.slab_pages * kPageBytes;
  s.live = c.slab_count * c.slab_objects - c.objects_in_list - c.count();
  s.allocations = c.allocations;
  s.frees = c.allocations - s.live;
  s.foreign_frees = c.foreign_frees;
  return s;
}

template <Hardening hardening>
PartitionStatistics PartitionWith<hardening>::Statistics() const {
  PartitionStatistics s;
  s.total_bytes = pages_.total_pages() * kPageBytes;
  s.slab_bytes = slab_pages_ * kPageBytes;
  s.used_bytes = (pages_.used_pages() - slab_pages_ - guard_pages_ - kept_pages_) * kPageBytes;
  s.allocations = large_allocations_;
  s.frees = large_frees_;
  s.guarded_runs = guarded_runs_;
  s.unguarded_runs = unguarded_runs_;
  for (size_t i = 0; i < kSizeClasses; ++i) {
    SizeClassStatistics c = StatisticsOf(i);
    s.used_bytes += c.live * c.object_bytes;
    s.allocations += c.allocations;
    s.frees += c.frees;
  }
  return s;
}

template class PartitionWith<Hardening::kOn>;
template class PartitionWith<Hardening::kOff>;

}  // namespace toro
