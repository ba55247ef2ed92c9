// ThreadTable: the threads whose home is this CPU, by id.
//
// INVARIANTS
//   I1. An entry is used again only after its thread has ended and was joined or was detached; its generation grows then.
//   I2. One CPU: the home. Others ask by message.
#ifndef CORE_SCHED_THREAD_TABLE_H_
#define CORE_SCHED_THREAD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"
#include "core/memory/partition.h"
#include "core/sched/thread.h"

namespace toro {

// A request to be told when a thread has ended. Lies on the stack of the joining thread.
struct JoinCall : Message {
  ThreadId target;
  CpuId joiner_cpu;
  Thread* joiner = nullptr;
  Status status = Status::kOk;
  bool done = false;
};

class ThreadTable {
 public:
  ThreadTable(CpuId home, Partition& partition) : partition_(partition), home_(home) {}

  // A new id for `thread`, or kOutOfMemory.
  Result<ThreadId> Add(Thread& thread);

  // What to do about a join: kOk and the call is kept (*waits = true) or the thread has ended (*waits = false).
  Status Join(JoinCall& call, bool* waits);

  // Nobody will join it. kNoSuchThread, kAlreadyJoined.
  Status Detach(ThreadId id);

  // The thread has ended. The call to complete, or null.
  JoinCall* End(ThreadId id);

  size_t live() const { return live_; }

 private:
  struct Entry {
    Thread* thread = nullptr;  // null when it has ended
    JoinCall* join = nullptr;
    uint32_t generation = 1;
    uint32_t next_free = 0;
    bool used = false;
    bool detached = false;
  };

  Entry* Find(ThreadId id);
  void Release(uint32_t index);
  bool Grow();

  static constexpr uint32_t kNone = ~uint32_t{0};

  Partition& partition_;
  Entry* entries_ = nullptr;
  uint32_t capacity_ = 0;
  uint32_t free_ = kNone;
  size_t live_ = 0;
  CpuId home_;
};

}  // namespace toro

#endif  // CORE_SCHED_THREAD_TABLE_H_
