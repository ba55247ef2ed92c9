// pthread_once, and with it std::call_once: libstdc++ initialises its locales by it.
//
// Built with exceptions, unlike its neighbours: when the routine throws, the next caller has to try again. The
// references that this makes to the exception library are made weak below, so that an application without exceptions
// does not get it.
#include <pthread.h>

#include "core/base/check.h"
#include "platform/baremetal/runtime/cross_cpu_lock.h"
#include "platform/baremetal/runtime/thread_block.h"

asm(".weak __wrap___gxx_personality_v0\n.weak __gxx_personality_v0\n.weak _Unwind_Resume");

namespace {

constexpr int kNew = 0;
constexpr int kDone = 2;  // any other value is the mark of the thread that runs the routine

int CallerMark() { return static_cast<int>(toro::runtime::CurrentThreadNumber() | 0x40000000); }

// Sets what the word says when the routine is left, by return or by exception.
struct Outcome {
  int* word;
  int value = kNew;
  ~Outcome() { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
};

}  // namespace

extern "C" int pthread_once(pthread_once_t* word, void (*routine)()) {
  int mark = CallerMark();
  for (;;) {
    int seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (seen == kDone) return 0;
    TORO_CHECK(seen != mark, "the routine of pthread_once or std::call_once comes back to the same once flag");
    if (seen == kNew && __atomic_compare_exchange_n(word, &seen, mark, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      Outcome outcome{word};
      routine();
      outcome.value = kDone;
      return 0;
    }
    toro::runtime::WaitALittle();
  }
}
