// pthread_once, and with it std::call_once: libstdc++ initialises its locales by it.
//
// Built with exceptions, unlike its neighbours: when the routine throws, the next caller has to try again. The
// references that this makes to the exception library are made weak below, so that an application without exceptions
// does not get it.
#include <pthread.h>

#include <cstdint>

#include "core/base/check.h"
#include "platform/posix/outside.h"
#include "platform/posix/parking.h"

asm(".weak __wrap___gxx_personality_v0\n.weak __gxx_personality_v0\n.weak _Unwind_Resume");

namespace toro::posix {
namespace {

constexpr uint32_t kNew = 0;
constexpr uint32_t kDone = 2;  // any other value is the mark of the thread that runs the routine
constexpr uint32_t kRuns = 0x40000000;

uint32_t CallerMark() {
  return kRuns | (static_cast<uint32_t>(reinterpret_cast<uint64_t>(CallerIdentity()) >> 6) & (kRuns - 1));
}

// Sets what the word says when the routine is left, by return or by exception.
struct Outcome {
  uint32_t* word;
  uint32_t value = kNew;
  ~Outcome() {
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    Unpark(word, kAll);
  }
};

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines a POSIX function on the names above

extern "C" int pthread_once(pthread_once_t* once, void (*routine)()) {
  auto* word = reinterpret_cast<uint32_t*>(once);
  uint32_t mark = CallerMark();
  for (;;) {
    uint32_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (seen == kDone) return 0;
    TORO_CHECK(seen != mark, "the routine of pthread_once or std::call_once comes back to the same once flag");
    if (seen != kNew) {
      outside::OnceVariables saved = outside::SaveOnceVariables();
      Park(word, seen);
      outside::RestoreOnceVariables(saved);
    } else if (__atomic_compare_exchange_n(word, &seen, mark, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      Outcome outcome{word};
      routine();
      outcome.value = kDone;
      return 0;
    }
  }
}
