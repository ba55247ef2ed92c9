// StartQueue: detached threads that have not begun. They have a function and an argument, but no stack yet.
//
// WHY. A detached thread that never waits needs a stack only while it runs, so many can run one after the other on the
// same one, without a switch between them (Scheduler::RunStarts). And a burst of spawns needs 16 bytes each, not a
// stack each.
//
// INVARIANTS
//   I1. First in, first out. One CPU.
//   I2. The ring grows by doubling and is never full after Push; it keeps its size.
#ifndef CORE_SCHED_START_QUEUE_H_
#define CORE_SCHED_START_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "core/memory/partition.h"

namespace toro {

struct ThreadStart {
  void (*function)(void*);
  void* argument;
};

class StartQueue {
 public:
  explicit StartQueue(Partition& partition) : partition_(partition) {}

  bool empty() const { return taken_ == put_; }

  // False: the partition has no room for a larger ring.
  bool Push(ThreadStart start) {
    if (__builtin_expect(put_ - taken_ == capacity_, 0) && !Grow()) return false;
    ring_[put_++ & (capacity_ - 1)] = start;
    return true;
  }

  // The queue must not be empty.
  ThreadStart Pop() { return ring_[taken_++ & (capacity_ - 1)]; }

 private:
  [[gnu::cold]] bool Grow();

  ThreadStart* ring_ = nullptr;
  uint64_t capacity_ = 0;  // 0 or a power of two
  uint64_t put_ = 0;
  uint64_t taken_ = 0;
  Partition& partition_;
};

}  // namespace toro

#endif  // CORE_SCHED_START_QUEUE_H_
