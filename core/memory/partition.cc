#include "core/memory/partition.h"

namespace toro {

Partition::Partition(CpuId owner, const PartitionRanges& ranges, uint64_t secret)
    : secret_(secret), pages_(ranges), owner_(owner) {
  for (size_t c = 0; c < kSizeClasses; ++c) {
    classes_[c].bytes = static_cast<uint32_t>(SizeClassBytes(c));
    classes_[c].slab_pages = static_cast<uint32_t>(SlabPages(c));
  }
}

void* Partition::AllocateFromSlab(size_t size_class) {
  SizeClass& c = classes_[size_class];
  if (c.carve == c.carve_end) {
    char* slab = static_cast<char*>(pages_.Allocate(c.slab_pages));
    if (slab == nullptr) {
      if (!ReclaimSome()) return nullptr;
      // What it ran may have allocated, too.
      if (c.free != nullptr || c.carve != c.carve_end) return AllocateClass(size_class);
      slab = static_cast<char*>(pages_.Allocate(c.slab_pages));
      if (slab == nullptr) return nullptr;
    }
    PageEntry* entry = pages_.EntryOf(slab);
    for (size_t page = 0; page < c.slab_pages; ++page) entry[page] = PageEntry::Slab(size_class);
    slab_pages_ += c.slab_pages;
    c.carve = slab;
    c.carve_end = slab + c.slab_pages * kPageBytes / c.bytes * c.bytes;
  }
  FreeObject* object = reinterpret_cast<FreeObject*>(c.carve);
  c.carve += c.bytes;
  object->mark = 0;
  ++c.allocations;
  return object;
}

void* Partition::AllocateLarge(size_t bytes, size_t align_bytes) {
  if (bytes > pages_.total_pages() * kPageBytes) return nullptr;
  size_t pages = AlignUp(bytes == 0 ? 1 : bytes, kPageBytes) / kPageBytes;
  void* run = pages_.Allocate(pages, align_bytes);
  if (run == nullptr && ReclaimSome()) run = pages_.Allocate(pages, align_bytes);
  if (run != nullptr) ++large_allocations_;
  return run;
}

void* Partition::AllocatePages(size_t pages) {
  void* run = pages_.Allocate(pages);
  if (run == nullptr && ReclaimSome()) run = pages_.Allocate(pages);
  return run;
}

void* Partition::AllocateAligned(size_t bytes, size_t align_bytes) {
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
  return AllocateClass(size_class);
}

void Partition::FreeLarge(void* object) {
  pages_.Free(object);
  ++large_frees_;
}

void Partition::BadFree(void* object) {
  bool aligned = reinterpret_cast<uintptr_t>(object) % kLeastObjectBytes == 0;
  TORO_FAIL_AT(aligned ? "double free: this object is free already"
                       : "free of a pointer that no allocation returned: it is not 16-byte aligned",
               object);
}

size_t Partition::UsableBytes(const void* object) {
  const PageEntry* entry = pages_.EntryOf(object);
  if (entry == nullptr) return 0;
  if (entry->kind() == PageKind::kSlab) return classes_[entry->size_class()].bytes;
  return entry->kind() == PageKind::kUsedFirst ? entry->pages() * kPageBytes : 0;
}

PartitionStatistics Partition::Statistics() const {
  PartitionStatistics s;
  s.total_bytes = pages_.total_pages() * kPageBytes;
  s.slab_bytes = slab_pages_ * kPageBytes;
  s.used_bytes = (pages_.used_pages() - slab_pages_) * kPageBytes;
  s.allocations = large_allocations_;
  s.frees = large_frees_;
  for (const SizeClass& c : classes_) {
    s.used_bytes += (c.allocations - c.frees) * c.bytes;
    s.allocations += c.allocations;
    s.frees += c.frees;
  }
  return s;
}

}  // namespace toro
