// UnwoundFrames: the addresses that led to std::terminate, as the unwinder sees them; the functions of the
// distribution's libraries keep no frame pointers.
#ifndef PLATFORM_X86_64_UNWOUND_FRAMES_H_
#define PLATFORM_X86_64_UNWOUND_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/kernel/cpu_fault.h"

namespace toro::x86_64 {

struct UnwoundFrames {
  static constexpr size_t kMost = 48;
  uint64_t addresses[kMost];
  size_t count = 0;

  // What the unwinder says of the next frame out: the address at which it goes on, or, if `is_instruction`, which was
  // interrupted. False: these are all.
  bool Add(uint64_t address, bool is_instruction) {
    if (address == 0 || count == kMost) return false;
    addresses[count++] = is_instruction ? address : address - 1;
    return true;
  }

  // The frames of a fault. Uncaught, it leaves them in place unless some of them were unwound to a function that is
  // noexcept. Then what the handler recorded is all that there is.
  std::span<const uint64_t> Of(const FaultRecord& record) const {
    for (size_t i = 0; i < count; ++i) {
      if (addresses[i] == record.unwind_instruction) return {addresses + i, count - i};
    }
    return {record.frames, record.frame_count};
  }
};

}  // namespace toro::x86_64

#endif  // PLATFORM_X86_64_UNWOUND_FRAMES_H_
