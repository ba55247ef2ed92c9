// pthread_cond_*, and with it std::condition_variable and std::condition_variable_any.
//
// A waiter notes the sequence number and parks on it; a signal changes it and wakes the one that waits longest. A
// waiter touches nothing of the condition once it was woken, so the condition may be destroyed then.
#include <pthread.h>

#include <cerrno>
#include <cstdint>

#include "core/base/check.h"
#include "platform/posix/parking.h"
#include "platform/posix/thread_record.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

struct Condition {
  uint32_t sequence;
  clockid_t clock;  // of pthread_cond_timedwait; CLOCK_REALTIME is 0
};
static_assert(sizeof(Condition) <= sizeof(pthread_cond_t) && CLOCK_REALTIME == 0);

Condition& ConditionOf(pthread_cond_t* condition) { return *reinterpret_cast<Condition*>(condition); }

// A cancellation point: the mutex is held again when the thread ends.
int WaitForSignal(pthread_cond_t* condition, pthread_mutex_t* mutex, uint64_t deadline_ns) {
  uint32_t* sequence = &ConditionOf(condition).sequence;
  uint32_t before = __atomic_load_n(sequence, __ATOMIC_SEQ_CST);
  if (int error = pthread_mutex_unlock(mutex)) return error;
  ParkResult result = CancellablePark(sequence, before, deadline_ns);
  int error = pthread_mutex_lock(mutex);
  TORO_CHECK(error == 0, "the mutex of a condition cannot be locked again");
  if (result == ParkResult::kCancelled) EndIfCancelled();
  return result == ParkResult::kTimedOut ? ETIMEDOUT : 0;
}

int TimedWait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* deadline) {
  if (!ValidTime(*deadline)) return EINVAL;
  return WaitForSignal(condition, mutex, DeadlineOf(clock, *deadline));
}

int Signal(pthread_cond_t* condition, size_t most) {
  uint32_t* sequence = &ConditionOf(condition).sequence;
  __atomic_fetch_add(sequence, 1, __ATOMIC_SEQ_CST);
  Unpark(sequence, most);
  return 0;
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t* attributes) noexcept {
  clockid_t clock = CLOCK_REALTIME;
  if (attributes != nullptr) pthread_condattr_getclock(attributes, &clock);
  ConditionOf(condition) = {0, clock};
  return 0;
}

int pthread_cond_destroy(pthread_cond_t*) noexcept { return 0; }

int pthread_cond_signal(pthread_cond_t* condition) noexcept { return Signal(condition, 1); }
int pthread_cond_broadcast(pthread_cond_t* condition) noexcept { return Signal(condition, kAll); }

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return WaitForSignal(condition, mutex, toro::kNever);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* deadline) {
  return TimedWait(condition, mutex, ConditionOf(condition).clock, deadline);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  return TimedWait(condition, mutex, clock, deadline);
}

}  // extern "C"
