// CpuLocal: what belongs to one CPU, and is misused from another.
//
// WHY. Mutex, CondVar, Semaphore and Event are for threads of one CPU. Threads switch only where they say so, so
// nothing of them needs an atomic instruction; used from another CPU they would break silently. So every use asks where
// it is.
//
// COST. One load and a comparison.
#ifndef CORE_SCHED_CPU_LOCAL_H_
#define CORE_SCHED_CPU_LOCAL_H_

#include "core/sched/scheduler.h"

namespace toro {

class CpuLocal {
 public:
  CpuLocal(const CpuLocal&) = delete;
  CpuLocal& operator=(const CpuLocal&) = delete;

 protected:
  // Of the CPU that makes it; one that is made before the kernel runs belongs to the CPU that uses it first.
  CpuLocal() : owner_(Scheduler::CurrentOrNull()) {}
  ~CpuLocal() = default;

  // The scheduler of this CPU, which is the owner. Stops on another.
  Scheduler& Here() {
    Scheduler* here = Scheduler::CurrentOrNull();
    if (__builtin_expect(here != owner_, 0)) BindOrStop(here);
    return *here;
  }
  // As Here, and in a thread.
  Scheduler& HereInThread() {
    Scheduler& here = Here();
    TORO_CHECK(here.MayBlock(), "waited outside of a thread; message handlers and timers must not wait");
    return here;
  }

 private:
  void BindOrStop(Scheduler* here) {
    TORO_CHECK(owner_ == nullptr && here != nullptr,
               "used a mutex, condition, semaphore or event of another CPU; call its CPU, or use a Channel or Barrier");
    owner_ = here;
  }

  Scheduler* owner_;
};

}  // namespace toro

#endif  // CORE_SCHED_CPU_LOCAL_H_
