// The pthread functions behind std::mutex, std::condition_variable, std::call_once and libstdc++'s own locks.
//
// WHY they exist: libstdc++ calls them by name. WHY they may LOCK: a std::mutex is shared between CPUs by its meaning;
// Toro's own primitives (core/sched) are not, and cost no atomic. A waiter yields (cross_cpu_lock.h).
// Threads come from toro::Spawn: pthread_create, and with it std::thread, fails with ENOTSUP.
#include <pthread.h>

#include <cerrno>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/machine.h"
#include "platform/baremetal/runtime/clock.h"
#include "platform/baremetal/runtime/cross_cpu_lock.h"
#include "platform/baremetal/runtime/thread_block.h"

namespace {

using toro::runtime::CurrentThreadNumber;
using toro::runtime::WaitALittle;

// Yields until ready() or `deadline_ns`. Returns 0 or ETIMEDOUT.
template <typename Ready>
int WaitUntil(uint64_t deadline_ns, Ready ready) {
  while (!ready()) {
    if (deadline_ns != toro::kNever && toro::Machine::NowNs() >= deadline_ns) return ETIMEDOUT;
    WaitALittle();
  }
  return 0;
}

// Of glibc's pthread_mutex_t, whose static initialisers are in its header: the owner in the first word (0: free), then
// depth.
struct Mutex {
  uint32_t owner;
  uint32_t depth;
  uint32_t unused[2];
  int kind;
};
static_assert(sizeof(Mutex) <= sizeof(pthread_mutex_t));

Mutex& MutexOf(pthread_mutex_t* mutex) { return *reinterpret_cast<Mutex*>(mutex); }

bool TryTake(Mutex& mutex) {
  uint32_t expected = 0;
  return __atomic_compare_exchange_n(&mutex.owner, &expected, CurrentThreadNumber(), false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

// What a second lock by the holder means; -1 when the caller is not the holder.
int LockAgain(Mutex& mutex) {
  if (__atomic_load_n(&mutex.owner, __ATOMIC_RELAXED) != CurrentThreadNumber()) return -1;
  if (mutex.kind == PTHREAD_MUTEX_RECURSIVE) {
    ++mutex.depth;
    return 0;
  }
  TORO_CHECK(mutex.kind == PTHREAD_MUTEX_ERRORCHECK,
             "a thread locks a mutex that it holds already, and would wait for ever");
  return EDEADLK;
}

int LockUntil(pthread_mutex_t* pointer, uint64_t deadline_ns) {
  Mutex& mutex = MutexOf(pointer);
  if (TryTake(mutex)) return 0;
  int again = LockAgain(mutex);
  return again >= 0 ? again : WaitUntil(deadline_ns, [&mutex] { return TryTake(mutex); });
}

// Waiters note the sequence number; a signal changes it. It wakes all of them, as POSIX allows.
uint32_t& SequenceOf(pthread_cond_t* condition) { return *reinterpret_cast<uint32_t*>(condition); }

int WaitForSignal(pthread_cond_t* condition, pthread_mutex_t* mutex, uint64_t deadline_ns) {
  uint32_t* sequence = &SequenceOf(condition);
  uint32_t before = __atomic_load_n(sequence, __ATOMIC_RELAXED);
  pthread_mutex_unlock(mutex);
  int result = WaitUntil(deadline_ns, [=] { return __atomic_load_n(sequence, __ATOMIC_ACQUIRE) != before; });
  pthread_mutex_lock(mutex);
  return result;
}

}  // namespace

extern "C" {

int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) noexcept {
  MutexOf(mutex) = {};
  if (attributes != nullptr) MutexOf(mutex).kind = *reinterpret_cast<const int*>(attributes);
  return 0;
}

int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept { return MutexOf(mutex).owner == 0 ? 0 : EBUSY; }

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept { return LockUntil(mutex, toro::kNever); }

int pthread_mutex_trylock(pthread_mutex_t* pointer) noexcept {
  Mutex& mutex = MutexOf(pointer);
  if (TryTake(mutex)) return 0;
  return mutex.kind == PTHREAD_MUTEX_RECURSIVE && LockAgain(mutex) == 0 ? 0 : EBUSY;
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) noexcept {
  return LockUntil(mutex, toro::runtime::NanosecondsOf(*deadline));
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t, const timespec* deadline) noexcept {
  return LockUntil(mutex, toro::runtime::NanosecondsOf(*deadline));
}

int pthread_mutex_unlock(pthread_mutex_t* pointer) noexcept {
  Mutex& mutex = MutexOf(pointer);
  if (__atomic_load_n(&mutex.owner, __ATOMIC_RELAXED) != CurrentThreadNumber()) return EPERM;
  if (mutex.depth > 0) {
    --mutex.depth;
  } else {
    __atomic_store_n(&mutex.owner, 0, __ATOMIC_RELEASE);
  }
  return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t* attributes) noexcept {
  *reinterpret_cast<int*>(attributes) = PTHREAD_MUTEX_DEFAULT;
  return 0;
}
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int kind) noexcept {
  *reinterpret_cast<int*>(attributes) = kind;
  return 0;
}
int pthread_mutexattr_destroy(pthread_mutexattr_t*) noexcept { return 0; }

int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t*) noexcept {
  SequenceOf(condition) = 0;
  return 0;
}
int pthread_cond_destroy(pthread_cond_t*) noexcept { return 0; }

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  __atomic_fetch_add(&SequenceOf(condition), 1, __ATOMIC_RELEASE);
  return 0;
}
int pthread_cond_broadcast(pthread_cond_t* condition) noexcept { return pthread_cond_signal(condition); }

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return WaitForSignal(condition, mutex, toro::kNever);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* deadline) {
  return WaitForSignal(condition, mutex, toro::runtime::NanosecondsOf(*deadline));
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t, const timespec* deadline) {
  return WaitForSignal(condition, mutex, toro::runtime::NanosecondsOf(*deadline));
}

int pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) noexcept { return ENOTSUP; }
int pthread_join(pthread_t, void**) { return ESRCH; }
int pthread_detach(pthread_t) noexcept { return ESRCH; }

pthread_t pthread_self() noexcept { return reinterpret_cast<pthread_t>(&toro::runtime::CurrentThreadBlock()); }
int pthread_equal(pthread_t a, pthread_t b) noexcept { return a == b; }

}  // extern "C"
