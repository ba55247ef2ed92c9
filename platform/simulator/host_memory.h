// HostVector: a vector in the memory of the host. The simulator takes none of the memory that it watches.
#ifndef PLATFORM_SIMULATOR_HOST_MEMORY_H_
#define PLATFORM_SIMULATOR_HOST_MEMORY_H_

#include <cstddef>
#include <cstdlib>
#include <vector>

namespace toro::simulator {

template <typename T>
struct HostAllocator {
  using value_type = T;

  HostAllocator() = default;
  template <typename U>
  explicit HostAllocator(const HostAllocator<U>&) {}

  T* allocate(size_t count) {
    void* memory = std::malloc(count * sizeof(T));  // NOLINT(bugprone-sizeof-expression): T may be a pointer
    if (memory == nullptr) std::abort();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t) { std::free(memory); }

  template <typename U>
  bool operator==(const HostAllocator<U>&) const {
    return true;
  }
};

template <typename T>
using HostVector = std::vector<T, HostAllocator<T>>;

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_HOST_MEMORY_H_
