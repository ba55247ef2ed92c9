// How a cancelled thread ends: by an exception, so that destructors run.
//
// WHY. A thread that were simply not run any more would keep what its stack owns: memory, locked mutexes, other threads
// that it waits for. So a cancel is a request. Operations that return a Status return kCancelled; Yield, YieldPolling,
// SleepFor and SleepUntil, which return nothing, throw ThreadCancelled, and Spawn's thread catches it.
//
// The core throws nothing. It says that the thread is to end, and the code of the application, in whose frames these
// inline functions are, throws. Code that is compiled without exceptions throws nothing either: there, and in threads
// that no such code made (main, detached threads), those four functions just return, and CancelRequested() says why.
//
// INVARIANTS
//   I1. It is thrown in a thread whose body catches it only, and never while another exception unwinds the stack.
//   I2. It is thrown once, and only until the body returns. From then on the thread counts as guarded (CancelGuard), so
//       destructors may wait: also those of the function object and of thread_local variables, around which nobody
//       catches it.
//   I3. What differs between code with and without exceptions lies in an inline namespace of its own, so that both may
//       be linked together.
#ifndef CORE_KERNEL_CANCEL_H_
#define CORE_KERNEL_CANCEL_H_

#include <exception>

#include "core/sched/scheduler.h"

#ifdef __cpp_exceptions
#define TORO_UNWINDING with_exceptions
#else
#define TORO_UNWINDING without_exceptions
#endif

namespace toro {

// Thrown in a thread that has been cancelled. Not to be caught for good: a thread that swallows it goes on.
struct ThreadCancelled {};

// Has the current thread been asked to end? Thread context.
inline bool CancelRequested() { return (Scheduler::Current().current()->flags & Thread::kCancelled) != 0; }

// While one exists, the thread that made it is not cancelled: it waits and yields as if nobody had asked. For
// destructors and other places that must not be left half-way. Guards nest. Thread context.
class CancelGuard {
 public:
  CancelGuard() { Scheduler::ChangeCancelGuards(1); }
  ~CancelGuard() { Scheduler::ChangeCancelGuards(-1); }
  CancelGuard(const CancelGuard&) = delete;
  CancelGuard& operator=(const CancelGuard&) = delete;
};

inline namespace TORO_UNWINDING {
namespace cancel_internal {

#ifdef __cpp_exceptions
inline constexpr bool kUnwinds = true;

inline void Unwind() {
  if (std::uncaught_exceptions() > 0) return;  // I1
  Scheduler::ChangeCancelGuards(1);            // I2
  throw ThreadCancelled();
}

template <typename Body>
void RunUntilCancelled(Body& body) {
  try {
    body();
  } catch (const ThreadCancelled&) {
  }
}
#else
inline constexpr bool kUnwinds = false;

inline void Unwind() {}

template <typename Body>
void RunUntilCancelled(Body& body) {
  body();
}
#endif

}  // namespace cancel_internal

// Ends the thread here if it has been cancelled, as Yield would, but without a switch. For long computations, which a
// cancel does not interrupt. Thread context.
inline void EndIfCancelled() {
  if (Scheduler::Current().current()->MustUnwind()) cancel_internal::Unwind();
}

}  // namespace TORO_UNWINDING
}  // namespace toro

#endif  // CORE_KERNEL_CANCEL_H_
