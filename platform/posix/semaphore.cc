// sem_*: unnamed semaphores. (std::counting_semaphore is made of std::atomic::wait: futex.cc.)
//
// A post gives its unit to the thread that waits longest, if there is one: who posts and takes again at once does not
// overtake it.
#include <semaphore.h>

#include <cerrno>
#include <cstdint>

#include "platform/posix/parking.h"
#include "platform/posix/thread_record.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

constexpr uint32_t kMost = 0x7fffffff;  // SEM_VALUE_MAX

uint32_t* ValueOf(sem_t* semaphore) { return reinterpret_cast<uint32_t*>(semaphore); }

int Fail(int error) {
  errno = error;
  return -1;
}

bool TryTake(uint32_t* value) {
  uint32_t seen = __atomic_load_n(value, __ATOMIC_RELAXED);
  while (seen != 0) {
    if (__atomic_compare_exchange_n(value, &seen, seen - 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return true;
  }
  return false;
}

// A cancellation point.
int TakeUntil(sem_t* semaphore, uint64_t deadline_ns) {
  uint32_t* value = ValueOf(semaphore);
  EndIfCancelled();
  while (!TryTake(value)) {
    ParkResult result = CancellablePark(value, 0, deadline_ns);
    if (result == ParkResult::kGiven) return 0;
    if (result == ParkResult::kTimedOut) return Fail(ETIMEDOUT);
    if (result == ParkResult::kCancelled) EndIfCancelled();
  }
  return 0;
}

int TimedTake(sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  if (TryTake(ValueOf(semaphore))) return 0;
  if (!ValidTime(*deadline)) return Fail(EINVAL);
  return TakeUntil(semaphore, DeadlineOf(clock, *deadline));
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int sem_init(sem_t* semaphore, int, unsigned value) noexcept {
  if (value > kMost) return Fail(EINVAL);
  __atomic_store_n(ValueOf(semaphore), value, __ATOMIC_RELEASE);
  return 0;
}

int sem_destroy(sem_t*) noexcept { return 0; }

int sem_post(sem_t* semaphore) noexcept {
  uint32_t* value = ValueOf(semaphore);
  uint32_t seen = __atomic_load_n(value, __ATOMIC_RELAXED);
  if (seen == 0 && Unpark(value, 1, ParkResult::kGiven) > 0) return 0;
  do {
    if (seen == kMost) return Fail(EOVERFLOW);
  } while (!__atomic_compare_exchange_n(value, &seen, seen + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
  Unpark(value, 1);
  return 0;
}

int sem_wait(sem_t* semaphore) { return TakeUntil(semaphore, toro::kNever); }
int sem_trywait(sem_t* semaphore) noexcept { return TryTake(ValueOf(semaphore)) ? 0 : Fail(EAGAIN); }
int sem_timedwait(sem_t* semaphore, const timespec* deadline) { return TimedTake(semaphore, CLOCK_REALTIME, deadline); }
int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  return TimedTake(semaphore, clock, deadline);
}

int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  *value = static_cast<int>(__atomic_load_n(ValueOf(semaphore), __ATOMIC_RELAXED));
  return 0;
}

}  // extern "C"
