// The guards of function-local statics: constructed once, whichever CPU comes first. [itanium-abi 3.3.3]
//
// WHY not libstdc++'s: its waiters sleep by a system call. Here they park, so the constructing thread may be on this
// CPU.
//
// LAYOUT of the guard word: byte 0 is 1 when the object is constructed (the compiler reads it inline, and expects
// everything that the constructor stored to be visible then); the upper half is the mark of the thread that constructs
// it, or 0. Its last bit says that somebody waits.
#include <cstdint>

#include "core/base/check.h"
#include "platform/posix/parking.h"

namespace toro::posix {
namespace {

constexpr uint32_t kWanted = 1;

uint32_t* Constructor(uint64_t* guard) { return reinterpret_cast<uint32_t*>(guard) + 1; }
uint8_t* Done(uint64_t* guard) { return reinterpret_cast<uint8_t*>(guard); }

// Never 0, and without the bit kWanted.
uint32_t CallerMark() { return static_cast<uint32_t>(reinterpret_cast<uint64_t>(CallerIdentity()) >> 6) << 1 | 2; }

void Release(uint64_t* guard) {
  uint32_t* constructor = Constructor(guard);
  if ((__atomic_exchange_n(constructor, 0, __ATOMIC_SEQ_CST) & kWanted) != 0) Unpark(constructor, kAll);
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines functions of the C++ ABI on the names above

extern "C" int __cxa_guard_acquire(uint64_t* guard) {
  uint32_t self = CallerMark();
  uint32_t* constructor = Constructor(guard);
  for (;;) {
    if (__atomic_load_n(Done(guard), __ATOMIC_ACQUIRE) != 0) return 0;
    uint32_t seen = 0;
    if (__atomic_compare_exchange_n(constructor, &seen, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      if (__atomic_load_n(Done(guard), __ATOMIC_ACQUIRE) == 0) return 1;
      Release(guard);  // it was finished between the two looks
      return 0;
    }
    TORO_CHECK((seen & ~kWanted) != self, "the constructor of a function-local static comes back to that same static");
    if ((seen & kWanted) == 0 &&
        !__atomic_compare_exchange_n(constructor, &seen, seen | kWanted, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
      continue;
    }
    Park(constructor, seen | kWanted);
  }
}

extern "C" void __cxa_guard_release(uint64_t* guard) noexcept {
  __atomic_store_n(Done(guard), 1, __ATOMIC_RELEASE);
  Release(guard);
}

// The constructor threw: the next one who comes tries again.
extern "C" void __cxa_guard_abort(uint64_t* guard) noexcept { Release(guard); }
