// LockWord: guards what the C library shares between CPUs by the language's definition and may wait while it holds it.
//
// WHY a lock, in a kernel without one: stdout's buffer, the list of atexit functions, a function-local static and a
// std::mutex are shared because the standard says so. Only code that uses them pays; nothing in core, services and
// drivers does.
// WHY it blocks: threads are cooperative, so the holder may be a thread of this very CPU that waits for something. What
// is held for a few instructions only has a posix::SpinLock, and brings no queues into an image.
#ifndef PLATFORM_BAREMETAL_RUNTIME_CROSS_CPU_LOCK_H_
#define PLATFORM_BAREMETAL_RUNTIME_CROSS_CPU_LOCK_H_

#include <cstdint>

#include "platform/posix/parking.h"

namespace toro::runtime {

// A lock in one word, 0 when it is free.
inline void LockWord(uint32_t* word) {
  constexpr uint32_t kFree = 0, kHeld = 1, kHeldAndWanted = 2;
  uint32_t found = kFree;
  if (__atomic_compare_exchange_n(word, &found, kHeld, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(word, kHeldAndWanted, __ATOMIC_ACQUIRE) != kFree) posix::Park(word, kHeldAndWanted);
}

inline void UnlockWord(uint32_t* word) {
  if (__atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST) > 1) posix::Unpark(word, 1);
}

}  // namespace toro::runtime

#endif  // PLATFORM_BAREMETAL_RUNTIME_CROSS_CPU_LOCK_H_
