// pthread_rwlock_*, and with it std::shared_mutex and std::shared_timed_mutex.
//
// LAYOUT. One word: how many readers hold it, or that a writer does, and whether somebody waits. Readers are let in
// while others read, as glibc does by default; a lock of kind PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP makes them
// wait behind a writer that waits.
//
// Who was woken and found a writer again is *hungry*: until it has the lock, those that have not waited yet let it go
// first. (Only a lock that a writer holds has hungry ones, so a reader that reads already may always read again.)
#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "platform/posix/parking.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

constexpr uint32_t kWriter = 0x80000000, kWanted = 0x40000000, kWriterWaits = 0x20000000, kHungry = 0x10000000;
constexpr uint32_t kReaders = kHungry - 1;

// The kind lies where glibc's static initialisers have it.
struct RwLock {
  uint32_t state;
  const void* writer;
  uint64_t unused[4];
  int kind;
};
static_assert(sizeof(RwLock) <= sizeof(pthread_rwlock_t) &&
              offsetof(RwLock, kind) == offsetof(pthread_rwlock_t, __data.__flags));

RwLock& LockOf(pthread_rwlock_t* lock) { return *reinterpret_cast<RwLock*>(lock); }

bool MayRead(const RwLock& lock, uint32_t state) {
  if ((state & kWriter) != 0) return false;
  return (state & kWriterWaits) == 0 || lock.kind != PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

bool Replace(RwLock& lock, uint32_t& seen, uint32_t wanted) {
  return __atomic_compare_exchange_n(&lock.state, &seen, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

// EBUSY instead of waiting when `deadline_ns` is 0.
int Lock(RwLock& lock, bool write, uint64_t deadline_ns) {
  const void* self = CallerIdentity();
  uint32_t seen = __atomic_load_n(&lock.state, __ATOMIC_RELAXED);
  for (bool waited = false;;) {
    bool free = write ? (seen & (kWriter | kReaders)) == 0 : MayRead(lock, seen);
    if (free && (waited || (seen & kHungry) == 0)) {
      if (!write && (seen & kReaders) == kReaders) return EAGAIN;
      if (!Replace(lock, seen, (write ? seen | kWriter : seen + 1) & ~kHungry)) continue;
      if (write) __atomic_store_n(&lock.writer, self, __ATOMIC_RELAXED);
      return 0;
    }
    if (deadline_ns == 0) return EBUSY;
    if ((seen & kWriter) != 0 && __atomic_load_n(&lock.writer, __ATOMIC_RELAXED) == self) return EDEADLK;
    bool hungry = waited && (seen & kWriter) != 0;
    uint32_t announced = seen | kWanted | (write ? kWriterWaits : 0) | (hungry ? kHungry : 0);
    if (announced != seen && !Replace(lock, seen, announced)) continue;
    if (Park(&lock.state, announced, deadline_ns) == ParkResult::kTimedOut) {
      // Nobody may wait for one who is not there any more; other hungry ones say it again.
      __atomic_fetch_and(&lock.state, ~(kHungry | kWriterWaits), __ATOMIC_SEQ_CST);
      Unpark(&lock.state, kAll);
      return ETIMEDOUT;
    }
    waited = true;
    seen = __atomic_load_n(&lock.state, __ATOMIC_RELAXED);
  }
}

int TimedLock(pthread_rwlock_t* lock, bool write, clockid_t clock, const timespec* deadline) {
  if (Lock(LockOf(lock), write, 0) == 0) return 0;
  if (!ValidTime(*deadline)) return EINVAL;
  uint64_t deadline_ns = DeadlineOf(clock, *deadline);
  return Lock(LockOf(lock), write, deadline_ns == 0 ? 1 : deadline_ns);
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int pthread_rwlock_init(pthread_rwlock_t* lock, const pthread_rwlockattr_t* attributes) noexcept {
  int kind = PTHREAD_RWLOCK_DEFAULT_NP;
  if (attributes != nullptr) pthread_rwlockattr_getkind_np(attributes, &kind);
  LockOf(lock) = {0, nullptr, {}, kind};
  return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t* lock) noexcept {
  return (__atomic_load_n(&LockOf(lock).state, __ATOMIC_RELAXED) & (kWriter | kReaders)) == 0 ? 0 : EBUSY;
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept { return Lock(LockOf(lock), false, toro::kNever); }
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept { return Lock(LockOf(lock), true, toro::kNever); }
int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept { return Lock(LockOf(lock), false, 0); }
int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept { return Lock(LockOf(lock), true, 0); }

int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  return TimedLock(lock, false, CLOCK_REALTIME, deadline);
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  return TimedLock(lock, true, CLOCK_REALTIME, deadline);
}
int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock, const timespec* deadline) noexcept {
  return TimedLock(lock, false, clock, deadline);
}
int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock, const timespec* deadline) noexcept {
  return TimedLock(lock, true, clock, deadline);
}

// EPERM: nobody holds it, or another writer does. The last to leave wakes all who wait; they announce themselves again.
int pthread_rwlock_unlock(pthread_rwlock_t* pointer) noexcept {
  RwLock& lock = LockOf(pointer);
  uint32_t seen = __atomic_load_n(&lock.state, __ATOMIC_RELAXED);
  if ((seen & kWriter) != 0) {
    if (__atomic_load_n(&lock.writer, __ATOMIC_RELAXED) != CallerIdentity()) return EPERM;
    __atomic_store_n(&lock.writer, nullptr, __ATOMIC_RELAXED);
  }
  for (;;) {
    bool write = (seen & kWriter) != 0;
    if (!write && (seen & kReaders) == 0) return EPERM;
    bool last = write || (seen & kReaders) == 1;
    if (!Replace(lock, seen, last ? seen & kHungry : seen - 1)) continue;
    if (last && (seen & kWanted) != 0) Unpark(&lock.state, kAll);
    return 0;
  }
}

}  // extern "C"
