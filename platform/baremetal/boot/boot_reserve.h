// BootReserve: the memory of the CPUs' areas, their loops' thread-local blocks and the page tables; taken once, kept
// for ever.
#ifndef PLATFORM_BAREMETAL_BOOT_BOOT_RESERVE_H_
#define PLATFORM_BAREMETAL_BOOT_BOOT_RESERVE_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

namespace toro::baremetal {

class BootReserve {
 public:
  constexpr BootReserve() = default;
  BootReserve(uint64_t begin, uint64_t bytes) : begin_(begin), next_(begin), end_(begin + bytes) {}

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }

  // `bytes` bytes at a multiple of `align`, of any content; null when there is no room.
  void* Take(uint64_t bytes, uint64_t align) {
    uint64_t at = AlignUp(next_, align);
    if (at > end_ || end_ - at < bytes) return nullptr;
    next_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

 private:
  uint64_t begin_ = 0, next_ = 0, end_ = 0;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_BOOT_RESERVE_H_
