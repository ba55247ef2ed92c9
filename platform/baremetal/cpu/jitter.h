// GatherJitter: entropy from the time that things take, for a CPU that has no random number generator.
//
// WHY. The counter of a CPU runs much faster than anything outside of it, so how long an access to a device takes
// (on a virtual machine: an exit to the host and back) is known to nobody to the last cycle. Each of many accesses adds
// what its last bits are worth.
//
// LIMITS. On a machine that emulates time exactly (qemu -icount) there is no jitter, and every boot is the same.
#ifndef PLATFORM_BAREMETAL_CPU_JITTER_H_
#define PLATFORM_BAREMETAL_CPU_JITTER_H_

#include <cstdint>

#include "core/base/mix.h"

namespace toro::baremetal {

// If an access varies by one bit of time only, these are twice as many bits as a word has.
inline constexpr int kJitterRounds = 128;

// `cycles()` reads the counter; `access()` does something whose time varies. About 0.2 ms.
template <typename Cycles, typename Access>
uint64_t GatherJitter(Cycles cycles, Access access) {
  uint64_t word = 0;
  for (int round = 0; round < kJitterRounds; ++round) {
    uint64_t begin = cycles();
    access();
    word = Mix(word ^ (cycles() - begin) ^ (begin << 32 | begin >> 32));
  }
  return word;
}

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_JITTER_H_
