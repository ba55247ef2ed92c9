// Single instructions that both worlds use. Source of each: [sdm2], under its mnemonic.
#ifndef PLATFORM_X86_64_CPU_INSTRUCTIONS_H_
#define PLATFORM_X86_64_CPU_INSTRUCTIONS_H_

#include <cstdint>

namespace toro::x86_64 {

inline uint64_t ReadTimeStampCounter() { return __builtin_ia32_rdtsc(); }

inline void Pause() { __builtin_ia32_pause(); }

// MFENCE, and not a locked instruction: the core's objects contain no LOCK prefix at all.
inline void MemoryFence() { asm volatile("mfence" ::: "memory"); }

// A hint. By hand, because the compiler takes the prefetch for reading where it is not told that this one exists; a
// processor without it does nothing.
inline void PrefetchForWrite(const void* address) {
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
}

}  // namespace toro::x86_64

#endif  // PLATFORM_X86_64_CPU_INSTRUCTIONS_H_
