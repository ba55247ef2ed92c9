// Random numbers of a CPU: seeded once at boot with entropy, then a few instructions each.
//
// WHY per CPU: a generator that CPUs share would need a lock, or give two CPUs the same number.
//
// WHAT IT IS FOR. Stack canaries, the seed of heaps and hash tables. Two secret words, one of which is never part of
// the sequence: who has seen a number of it cannot tell the next. It is not a generator for keys.
//
// SOURCES, in this order: RDSEED, RDRAND [sdm1 7.3.17], the jitter of device accesses (jitter.h). The first two are
// not trusted alone: the time stamp counter is mixed in, and a generator that repeats itself is passed over.
#ifndef PLATFORM_BAREMETAL_CPU_ENTROPY_H_
#define PLATFORM_BAREMETAL_CPU_ENTROPY_H_

#include <cstdint>

#include "core/base/mix.h"
#include "platform/baremetal/cpu/cpu_area.h"

namespace toro::baremetal {

// A word from the CPU's generator; false when it has none, or one that does not work. After SeedFromEntropy.
bool ReadHardwareRandom(uint64_t& word);

// Seeds the generator of the CPU of `block`, which is the calling one. Boot, once; up to 0.5 ms.
void SeedFromEntropy(CpuBlock& block);

// The next number of the calling CPU. Any context but interrupts.
inline uint64_t NextRandom(CpuBlock& block) {
  block.random_words[0] += kMixStride;
  return Mix(block.random_words[0]) ^ block.random_words[1];
}

// Seeds the generator of a CPU that does not run yet with numbers of the calling one.
void SeedFrom(CpuBlock& from, CpuBlock& to);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_ENTROPY_H_
