// ReadyRing: the threads of one CPU that can run, in a circle. The head runs, or runs next.
//
// WHY. A yield is `head = head->next`: one load, no store but the head. Blocked threads are in no ring, so nothing here
// costs more with their number.
//
// INVARIANTS
//   I1. A thread is in the ring exactly while it is ready or running.
//   I2. New threads go in before the head: everybody else runs first.
#ifndef CORE_SCHED_READY_RING_H_
#define CORE_SCHED_READY_RING_H_

#include "core/base/check.h"
#include "core/sched/thread.h"

namespace toro {

class ReadyRing {
 public:
  Thread* head() const { return head_; }
  // The one that runs after all others.
  Thread* last() const { return static_cast<Thread*>(head_->previous); }
  bool empty() const { return head_ == nullptr; }

  // Makes the next thread the head, and returns it.
  Thread* Rotate() {
    head_ = static_cast<Thread*>(head_->next);
    return head_;
  }

  void Insert(Thread& thread) {
    TORO_CHECK(!thread.linked(), "made a thread ready that is ready already");
    if (head_ == nullptr) {
      thread.next = thread.previous = &thread;
      head_ = &thread;
      return;
    }
    thread.next = head_;
    thread.previous = head_->previous;
    head_->previous->next = &thread;
    head_->previous = &thread;
  }

  void Remove(Thread& thread) {
    if (thread.next == &thread) {
      head_ = nullptr;
    } else {
      thread.previous->next = thread.next;
      thread.next->previous = thread.previous;
      if (head_ == &thread) head_ = static_cast<Thread*>(thread.next);
    }
    thread.next = thread.previous = nullptr;
  }

 private:
  Thread* head_ = nullptr;
};

}  // namespace toro

#endif  // CORE_SCHED_READY_RING_H_
