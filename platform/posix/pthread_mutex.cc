// pthread_mutex_*, and with it std::mutex, std::recursive_mutex, std::timed_mutex.
//
// LAYOUT. Within glibc's pthread_mutex_t, whose static initialisers are in its header: a free one is all zeros but for
// the kind, which lies where glibc has it.
//
// A MUTEX THAT CPUs SHARE costs one LOCKed exchange to take and one to give back when nobody waits. Who waits is parked
// (parking.h). Who is woken takes its chance with those that come along; who has lost once asks to be given the mutex,
// and then the holder does not free it but hands it over. Threads are cooperative: without that, one that yields
// between lock and unlock only, and locks again at once, would keep the others of its CPU out for ever.
#include <pthread.h>

#include <cerrno>
#include <cstdint>

#include "core/base/check.h"
#include "platform/posix/parking.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

constexpr uint32_t kFree = 0, kHeld = 1, kHeldAndWanted = 2, kHandOver = 3;

struct Mutex {
  uint32_t state;
  uint32_t depth;     // of a recursive one: how many locks beyond the first. Of the holder
  const void* owner;  // null: nobody
  int kind;
};
static_assert(sizeof(Mutex) <= sizeof(pthread_mutex_t) && offsetof(Mutex, kind) == 16);

Mutex& MutexOf(pthread_mutex_t* mutex) { return *reinterpret_cast<Mutex*>(mutex); }

const void* OwnerOf(const Mutex& mutex) { return __atomic_load_n(&mutex.owner, __ATOMIC_RELAXED); }
void SetOwner(Mutex& mutex, const void* owner) { __atomic_store_n(&mutex.owner, owner, __ATOMIC_RELAXED); }

bool TryTake(Mutex& mutex, const void* self) {
  uint32_t expected = kFree;
  if (!__atomic_compare_exchange_n(&mutex.state, &expected, kHeld, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    return false;
  }
  SetOwner(mutex, self);
  return true;
}

// By the holder itself.
int LockAgain(Mutex& mutex) {
  if (mutex.kind == PTHREAD_MUTEX_RECURSIVE) {
    if (mutex.depth == ~uint32_t{0}) return EAGAIN;
    ++mutex.depth;
    return 0;
  }
  TORO_CHECK(mutex.kind == PTHREAD_MUTEX_ERRORCHECK,
             "a thread locks a mutex that it holds already, and would wait for ever");
  return EDEADLK;
}

int LockUntil(Mutex& mutex, uint64_t deadline_ns) {
  const void* self = CallerIdentity();
  if (TryTake(mutex, self)) return 0;
  if (OwnerOf(mutex) == self) return LockAgain(mutex);
  uint32_t wanted = kHeldAndWanted;
  while (uint32_t found = __atomic_exchange_n(&mutex.state, wanted, __ATOMIC_ACQUIRE)) {
    if (found > wanted) {  // another has asked for the mutex to be handed over
      wanted = found;
      continue;
    }
    ParkResult result = Park(&mutex.state, wanted, deadline_ns);
    if (result == ParkResult::kTimedOut) return ETIMEDOUT;
    if (result == ParkResult::kGiven) break;
    if (result == ParkResult::kWoken) wanted = kHandOver;
  }
  // Others may wait, and whoever does has announced itself by a value that this keeps or that it repeats.
  SetOwner(mutex, self);
  return 0;
}

int TimedLock(pthread_mutex_t* mutex, clockid_t clock, const timespec* deadline) {
  if (TryTake(MutexOf(mutex), CallerIdentity())) return 0;
  if (!ValidTime(*deadline)) return EINVAL;
  return LockUntil(MutexOf(mutex), DeadlineOf(clock, *deadline));
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) noexcept {
  int kind = PTHREAD_MUTEX_DEFAULT;
  if (attributes != nullptr) pthread_mutexattr_gettype(attributes, &kind);
  MutexOf(mutex) = {kFree, 0, nullptr, kind};
  return 0;
}

int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  return __atomic_load_n(&MutexOf(mutex).state, __ATOMIC_RELAXED) == kFree ? 0 : EBUSY;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept { return LockUntil(MutexOf(mutex), toro::kNever); }

int pthread_mutex_trylock(pthread_mutex_t* pointer) noexcept {
  Mutex& mutex = MutexOf(pointer);
  const void* self = CallerIdentity();
  if (TryTake(mutex, self)) return 0;
  return mutex.kind == PTHREAD_MUTEX_RECURSIVE && OwnerOf(mutex) == self ? LockAgain(mutex) : EBUSY;
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) noexcept {
  return TimedLock(mutex, CLOCK_REALTIME, deadline);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* deadline) noexcept {
  return TimedLock(mutex, clock, deadline);
}

// EPERM: the caller does not hold it.
int pthread_mutex_unlock(pthread_mutex_t* pointer) noexcept {
  Mutex& mutex = MutexOf(pointer);
  if (OwnerOf(mutex) != CallerIdentity()) return EPERM;
  if (mutex.depth > 0) {
    --mutex.depth;
    return 0;
  }
  SetOwner(mutex, nullptr);
  if (__atomic_load_n(&mutex.state, __ATOMIC_RELAXED) == kHandOver && Unpark(&mutex.state, 1, ParkResult::kGiven) > 0) {
    return 0;
  }
  if (__atomic_exchange_n(&mutex.state, kFree, __ATOMIC_SEQ_CST) > kHeld) Unpark(&mutex.state, 1);
  return 0;
}

}  // extern "C"
