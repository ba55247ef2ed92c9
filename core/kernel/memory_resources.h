// Memory resources for std::pmr containers of applications: the CPU's partition, and an arena.
//
//     toro::ArenaResource resource(toro::ThreadArena());
//     std::pmr::vector<int> numbers(&resource);
//
// Both throw std::bad_alloc when the partition is exhausted, so this header is for applications; the core throws
// nothing.
#ifndef CORE_KERNEL_MEMORY_RESOURCES_H_
#define CORE_KERNEL_MEMORY_RESOURCES_H_

#include <cstddef>
#include <memory_resource>
#include <new>

#include "core/kernel/allocation.h"
#include "core/memory/arena.h"

namespace toro {

// Allocates from the partition of the CPU that executes; what it gave may be deallocated on any CPU, by any other
// PartitionResource.
class PartitionResource final : public std::pmr::memory_resource {
 private:
  void* do_allocate(size_t bytes, size_t align_bytes) override {
    void* memory = AllocateAlignedBytes(bytes, align_bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void do_deallocate(void* memory, size_t, size_t) override { FreeBytes(memory); }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return dynamic_cast<const PartitionResource*>(&other) != nullptr;
  }
};

// Allocates from an arena; deallocate does nothing. For the arena's owner only. Must not outlive the arena, nor be used
// after a ScratchScope ended in which the container grew.
class ArenaResource final : public std::pmr::memory_resource {
 public:
  explicit ArenaResource(Arena& arena) : arena_(arena) {}

 private:
  void* do_allocate(size_t bytes, size_t align_bytes) override {
    void* memory = arena_.Allocate(bytes, align_bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void do_deallocate(void*, size_t, size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    auto* resource = dynamic_cast<const ArenaResource*>(&other);
    return resource != nullptr && &resource->arena_ == &arena_;
  }

  Arena& arena_;
};

}  // namespace toro

#endif  // CORE_KERNEL_MEMORY_RESOURCES_H_
