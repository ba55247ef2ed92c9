// Semaphore and Event, for the threads of one CPU.
//
// INVARIANTS
//   I1. Nobody waits for a semaphore whose count is above zero: Release hands over to the thread that has waited
//       longest.
//   I2. Nobody waits for an event that is set.
//
// What makes threads ready (Release, Set) may be called in any context of the CPU, also by message handlers and timers.
// Use from another CPU, waiting in message context, and destruction while threads wait stop the kernel with a report.
#ifndef CORE_SCHED_SEMAPHORE_H_
#define CORE_SCHED_SEMAPHORE_H_

#include <cstddef>

#include "core/sched/cpu_local.h"

namespace toro {

class Semaphore : CpuLocal {
 public:
  explicit Semaphore(size_t count) : count_(count) {}
  ~Semaphore() { TORO_CHECK(waiting_.empty(), "destroyed a semaphore for which threads wait; release them first"); }

  // Takes one, waiting for it if need be: kOk, kTimedOut, kCancelled.
  Status Acquire(uint64_t deadline_ns = kNever) {
    (void)HereInThread();
    if (TryTake()) return Status::kOk;
    return Scheduler::Wait(&waiting_, deadline_ns, WaitsFor::kSemaphore, true);
  }

  // False: there is none. Any context.
  bool TryAcquire() {
    (void)Here();
    return TryTake();
  }

  // Gives `count` back, or makes them.
  void Release(size_t count = 1) {
    Scheduler& here = Here();
    while (count > 0 && here.WakeFirst(waiting_)) --count;
    count_ += count;
  }

 private:
  bool TryTake() {
    if (count_ == 0) return false;
    --count_;
    return true;
  }

  size_t count_;
  WaitList waiting_;
};

class Event : CpuLocal {
 public:
  Event() = default;
  ~Event() { TORO_CHECK(waiting_.empty(), "destroyed an event for which threads wait; set it first"); }

  // Waits until the event is set: kOk, kTimedOut, kCancelled.
  Status Wait(uint64_t deadline_ns = kNever) {
    (void)HereInThread();
    if (set_) return Status::kOk;
    return Scheduler::Wait(&waiting_, deadline_ns, WaitsFor::kEvent, true);
  }

  // It stays set, and lets everybody through, until Reset.
  void Set() {
    Scheduler& here = Here();
    set_ = true;
    while (here.WakeFirst(waiting_)) continue;
  }
  void Reset() {
    (void)Here();
    set_ = false;
  }
  bool IsSet() {
    (void)Here();
    return set_;
  }

 private:
  bool set_ = false;
  WaitList waiting_;
};

}  // namespace toro

#endif  // CORE_SCHED_SEMAPHORE_H_
