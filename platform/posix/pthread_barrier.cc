// pthread_barrier_*. (std::barrier is made of std::atomic::wait: futex.cc.)
#include <pthread.h>

#include <cerrno>
#include <cstdint>
#include <new>

#include "platform/posix/parking.h"

namespace toro::posix {
namespace {

struct Barrier {
  SpinLock lock;  // arrivals and rounds change together: more threads than `count` may come
  uint32_t count = 0;
  uint32_t arrived = 0;
  uint32_t round = 0;
  uint32_t inside = 0;  // who may still touch this; destroy waits for 0
};
static_assert(sizeof(Barrier) <= sizeof(pthread_barrier_t));

Barrier& BarrierOf(pthread_barrier_t* barrier) { return *reinterpret_cast<Barrier*>(barrier); }

void Leave(Barrier& barrier) {
  if (__atomic_sub_fetch(&barrier.inside, 1, __ATOMIC_SEQ_CST) == 0) Unpark(&barrier.inside, kAll);
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t*, unsigned count) noexcept {
  if (count == 0) return EINVAL;
  (new (barrier) Barrier)->count = count;
  return 0;
}

// Waits for those that were released to have left; EBUSY while some wait to be released.
int pthread_barrier_destroy(pthread_barrier_t* pointer) noexcept {
  Barrier& barrier = BarrierOf(pointer);
  {
    SpinLockHolder holder(barrier.lock);
    if (barrier.arrived != 0) return EBUSY;
  }
  while (uint32_t inside = __atomic_load_n(&barrier.inside, __ATOMIC_SEQ_CST)) Park(&barrier.inside, inside);
  return 0;
}

int pthread_barrier_wait(pthread_barrier_t* pointer) noexcept {
  Barrier& barrier = BarrierOf(pointer);
  barrier.lock.Lock();
  __atomic_fetch_add(&barrier.inside, 1, __ATOMIC_SEQ_CST);
  uint32_t round = barrier.round;
  bool last = ++barrier.arrived == barrier.count;
  if (last) {
    barrier.arrived = 0;
    __atomic_store_n(&barrier.round, round + 1, __ATOMIC_SEQ_CST);
  }
  barrier.lock.Unlock();
  if (last) {
    Unpark(&barrier.round, kAll);
  } else {
    while (__atomic_load_n(&barrier.round, __ATOMIC_SEQ_CST) == round) Park(&barrier.round, round);
  }
  Leave(barrier);
  return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

}  // extern "C"
