// Mutex and CondVar, for the threads of one CPU.
//
// WHY. Between two switches a thread is alone on its CPU, so a mutex is needed only around something that waits or
// yields. It is handed over: Unlock makes the thread that has waited longest the holder, and nobody overtakes it.
//
// INVARIANTS
//   I1. A mutex is held by one thread or by none; nobody waits for a mutex that is free.
//   I2. The holder stays on the CPU of the mutex (Migrate: kHoldsMutex), and does not end (Scheduler::Exit).
//   I3. A thread that is woken from CondVar::Wait holds the mutex again, however the wait ended.
//
// Misuse that has no status stops the kernel with a report: use from another CPU or in message context, Lock by the
// holder, Unlock by another thread, a mutex that is destroyed while it is held.
//
// COST. Lock and Unlock without waiters: a few loads and stores, no atomic instruction.
#ifndef CORE_SCHED_MUTEX_H_
#define CORE_SCHED_MUTEX_H_

#include "core/sched/cpu_local.h"

namespace toro {

class Mutex : CpuLocal {
 public:
  Mutex() = default;
  ~Mutex() { TORO_CHECK(holder_ == nullptr, "destroyed a mutex that is held; unlock it first"); }

  // Waits until the mutex is free. A cancel does not end it: what is cleaned up may need the mutex.
  void Lock() {
    Scheduler& here = HereInThread();
    if (TryTake(*here.current())) return;
    TORO_CHECK(holder_ != here.current(), "locked a mutex that this thread holds; it would wait for itself");
    (void)Scheduler::Wait(&waiting_, kNever, WaitsFor::kMutex, false);
  }

  // As Lock, but gives up: kTimedOut, kCancelled. kWouldDeadlock: this thread holds it.
  Status LockUntil(uint64_t deadline_ns) {
    Scheduler& here = HereInThread();
    if (TryTake(*here.current())) return Status::kOk;
    if (holder_ == here.current()) return Status::kWouldDeadlock;
    return Scheduler::Wait(&waiting_, deadline_ns, WaitsFor::kMutex, true);
  }

  // False: somebody holds it. Does not wait.
  bool TryLock() { return TryTake(*HereInThread().current()); }

  // The thread that has waited longest holds it from now on.
  void Unlock() {
    Scheduler& here = HereInThread();
    TORO_CHECK(holder_ == here.current(), "unlocked a mutex that this thread does not hold");
    --holder_->mutexes;
    WaitLink* next = waiting_.front();
    holder_ = next != nullptr ? next->thread : nullptr;
    if (next == nullptr) return;
    ++holder_->mutexes;
    here.EndWait(*holder_, Status::kOk);
  }

  bool HeldByCurrentThread() { return holder_ == HereInThread().current(); }

 private:
  bool TryTake(Thread& self) {
    if (holder_ != nullptr) return false;
    holder_ = &self;
    ++self.mutexes;
    return true;
  }

  Thread* holder_ = nullptr;
  WaitList waiting_;
};

// Holds a mutex while it exists.
class MutexHolder {
 public:
  explicit MutexHolder(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexHolder() { mutex_.Unlock(); }
  MutexHolder(const MutexHolder&) = delete;
  MutexHolder& operator=(const MutexHolder&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar : CpuLocal {
 public:
  CondVar() = default;
  ~CondVar() {
    TORO_CHECK(waiting_.empty(), "destroyed a condition for which threads wait; notify and join them first");
  }

  // Unlocks the mutex, which this thread holds, and waits until notified, first come first served; locks it again. kOk,
  // kTimedOut, kCancelled; the mutex is held in each case. There are no wake-ups for no reason, but what was notified
  // may have changed again before the mutex is held.
  Status Wait(Mutex& mutex, uint64_t deadline_ns = kNever) {
    (void)HereInThread();
    mutex.Unlock();
    Status status = Scheduler::Wait(&waiting_, deadline_ns, WaitsFor::kCondVar, true);
    mutex.Lock();
    return status;
  }

  // Wake the first of those who wait, or all. Any context of the CPU.
  void NotifyOne() { (void)Here().WakeFirst(waiting_); }
  void NotifyAll() {
    Scheduler& here = Here();
    while (here.WakeFirst(waiting_)) continue;
  }

 private:
  WaitList waiting_;
};

}  // namespace toro

#endif  // CORE_SCHED_MUTEX_H_
