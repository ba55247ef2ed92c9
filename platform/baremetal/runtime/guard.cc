// The guards of function-local statics: constructed once, whichever CPU comes first. [itanium-abi 3.3.3]
//
// WHY not libstdc++'s: its waiters sleep by a system call. Here they yield, so the constructing thread may be on this
// CPU.
//
// LAYOUT of the guard word: byte 0 is 1 when the object is constructed (the compiler reads it inline, and expects
// everything that the constructor stored to be visible then); the upper half is the number of the thread that
// constructs it, or 0.
#include <cstdint>

#include "core/base/check.h"
#include "platform/baremetal/runtime/cross_cpu_lock.h"
#include "platform/baremetal/runtime/thread_block.h"

namespace {

uint32_t* Constructor(uint64_t* guard) { return reinterpret_cast<uint32_t*>(guard) + 1; }
uint8_t* Done(uint64_t* guard) { return reinterpret_cast<uint8_t*>(guard); }

}  // namespace

extern "C" int __cxa_guard_acquire(uint64_t* guard) {
  uint32_t self = toro::runtime::CurrentThreadNumber();
  for (;;) {
    if (__atomic_load_n(Done(guard), __ATOMIC_ACQUIRE) != 0) return 0;
    uint32_t expected = 0;
    if (__atomic_compare_exchange_n(Constructor(guard), &expected, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      if (__atomic_load_n(Done(guard), __ATOMIC_ACQUIRE) == 0) return 1;
      __atomic_store_n(Constructor(guard), 0, __ATOMIC_RELEASE);  // it was finished between the two looks
      return 0;
    }
    TORO_CHECK(expected != self, "the constructor of a function-local static comes back to that same static");
    toro::runtime::WaitALittle();
  }
}

extern "C" void __cxa_guard_release(uint64_t* guard) noexcept {
  __atomic_store_n(Done(guard), 1, __ATOMIC_RELEASE);
  __atomic_store_n(Constructor(guard), 0, __ATOMIC_RELEASE);
}

// The constructor threw: the next one who comes tries again.
extern "C" void __cxa_guard_abort(uint64_t* guard) noexcept {
  __atomic_store_n(Constructor(guard), 0, __ATOMIC_RELEASE);
}
