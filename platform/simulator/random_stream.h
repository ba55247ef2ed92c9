// RandomStream: one of the independent sequences that a seed gives.
//
// WHY. What the simulator decides for one purpose must not depend on how often it decides for another: then a fault can
// be left out of a run, and the rest of the run changes only by what that fault did. Shrinking rests on this.
#ifndef PLATFORM_SIMULATOR_RANDOM_STREAM_H_
#define PLATFORM_SIMULATOR_RANDOM_STREAM_H_

#include <cstdint>

#include "core/base/mix.h"

namespace toro::simulator {

class RandomStream {
 public:
  // `purpose` tells the streams of one seed apart.
  constexpr RandomStream(uint64_t seed, uint64_t purpose) : state_(Mix(Mix(seed) ^ Mix(~purpose))) {}

  constexpr uint64_t Next() {
    uint64_t mixed = Mix(state_);
    state_ += kMixStride;
    return mixed;
  }

  // 0 .. bound - 1; `bound` is 1 .. 2^32.
  constexpr uint64_t Below(uint64_t bound) { return ((Next() >> 32) * bound) >> 32; }

  // About as often each power of two: 0, 1, 2..3, 4..7, and so on, below 2^`bits`.
  constexpr uint64_t AnySize(unsigned bits) {
    const unsigned length = static_cast<unsigned>(Below(bits + 1));
    if (length == 0) return 0;
    const uint64_t highest = uint64_t{1} << (length - 1);
    return highest | (Next() & (highest - 1));
  }

 private:
  uint64_t state_;
};

// The purposes.
inline constexpr uint64_t kOrderStream = 1;
inline constexpr uint64_t kStoreStream = 2;
inline constexpr uint64_t kSwarmStream = 3;
inline constexpr uint64_t kMachineStream = 4;      // how late, how long
inline constexpr uint64_t kFirstFaultStream = 16;  // one per class of faults

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_RANDOM_STREAM_H_
