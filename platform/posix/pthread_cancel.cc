// pthread_exit and pthread_cancel.
//
// Cancellation is deferred: it takes effect at the next wait of the thread (pthread_cond_wait, sem_wait, pthread_join,
// sleeping) or at pthread_testcancel. Asynchronous cancellation is refused: threads are cooperative, and one that does
// not wait cannot be stopped between two instructions without breaking what it holds.
#include <pthread.h>
#include <unwind.h>

#include <cerrno>
#include <new>

#include "core/base/check.h"
#include "platform/posix/forced_unwind.h"
#include "platform/posix/outside.h"
#include "platform/posix/thread_record.h"

// Linked if the application has exceptions.
extern "C" [[gnu::weak]] _Unwind_Reason_Code toro_weak_forced_unwind(_Unwind_Exception* exception, _Unwind_Stop_Fn stop,
                                                                     void* argument) asm("_Unwind_ForcedUnwind");

namespace toro::posix {
namespace {

void Swallowed(_Unwind_Reason_Code, _Unwind_Exception*) {
  TORO_CHECK(false, "a catch (...) did not rethrow the end of its thread (pthread_exit or pthread_cancel)");
}

// Called for each frame; after the last one the thread ends.
_Unwind_Reason_Code Stop(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception*, _Unwind_Context*,
                         void* result) {
  if ((actions & _UA_END_OF_STACK) != 0) EndThread(result);
  return _URC_NO_REASON;
}

}  // namespace

void* RunUntilUnwound(void* (*start)(void*), void* argument) { return start(argument); }

void EndThreadUnwinding(void* result) {
  ThreadRecord& self = CurrentRecord();
  self.exiting = true;
  if (toro_weak_forced_unwind != nullptr) {
    static_assert(sizeof(_Unwind_Exception) <= sizeof self.unwinding);
    _Unwind_Exception& exception = *new (self.unwinding) _Unwind_Exception();
    __builtin_memcpy(&exception.exception_class, "FOR\0TORO", sizeof exception.exception_class);
    exception.exception_cleanup = &Swallowed;
    toro_weak_forced_unwind(&exception, &Stop, result);
  }
  EndThread(result);  // without exceptions, or from where no unwind table leads on
}

void EndIfCancelled() {
  Scheduler* here = Scheduler::CurrentOrNull();
  Thread* thread = here != nullptr ? here->current() : nullptr;
  if (thread == nullptr || thread->runtime == nullptr) return;
  auto& self = *static_cast<ThreadRecord*>(thread->runtime);
  if (!self.cancel_enabled || self.exiting) return;
  self.lock.Lock();
  bool requested = self.cancel_requested;
  self.lock.Unlock();
  if (requested) EndThreadUnwinding(PTHREAD_CANCELED);
}

}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

[[noreturn]] void pthread_exit(void* result) {
  TORO_CHECK(InThread(), "pthread_exit on a pthread that is no CPU of the kernel");
  EndThreadUnwinding(result);
}

// A thread that waits at a cancellation point is woken, whatever its CPU. ESRCH: no such thread. Cancelling twice, or a
// thread that ends already, has no further effect.
int pthread_cancel(pthread_t thread) {
  ThreadRecord* found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  found->cancel_requested = true;
  if (found->waiter != nullptr) Interrupt(*found->waiter, ParkResult::kCancelled);
  found->lock.Unlock();
  return 0;
}

void pthread_testcancel() { EndIfCancelled(); }

int pthread_setcancelstate(int state, int* old) {
  if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
  if (!InThread()) return EINVAL;
  ThreadRecord& self = CurrentRecord();
  if (old != nullptr) *old = self.cancel_enabled ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE;
  self.cancel_enabled = state == PTHREAD_CANCEL_ENABLE;
  return 0;
}

// ENOTSUP: asynchronous cancellation.
int pthread_setcanceltype(int type, int* old) {
  if (old != nullptr) *old = PTHREAD_CANCEL_DEFERRED;
  if (type == PTHREAD_CANCEL_DEFERRED) return 0;
  return type == PTHREAD_CANCEL_ASYNCHRONOUS ? ENOTSUP : EINVAL;
}

}  // extern "C"
