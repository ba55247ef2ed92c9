// ThreadTable: the threads whose home is this CPU, by id.
//
// INVARIANTS
//   I1. An entry is used again only after its thread has ended and was joined or was detached; its generation grows
//       then.
//   I2. One CPU: the home. Others ask by message.
#ifndef CORE_SCHED_THREAD_TABLE_H_
#define CORE_SCHED_THREAD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"
#include "core/memory/partition.h"
#include "core/sched/thread.h"

namespace toro {

struct CallRecord;

// Who waits for the end of a thread: a call of some CPU, answered when the thread has ended. `record` is meaningful on
// that
// CPU only.
struct Joiner {
  CpuId cpu;
  CallRecord* record = nullptr;
};

class ThreadTable {
 public:
  ThreadTable(CpuId home, Partition& partition) : partition_(partition), home_(home) {}

  // A new id for `thread`, or kOutOfMemory.
  Result<ThreadId> Add(Thread& thread);

  // What to do about a join: kOk, and the joiner is kept (*waits = true) or the thread has ended (*waits = false); or
  // kNoSuchThread, kAlreadyJoined, and *waits = false.
  Status Join(ThreadId id, Joiner joiner, bool* waits);

  // Nobody will join it. kNoSuchThread, kAlreadyJoined.
  Status Detach(ThreadId id);

  // Another id for the same entry, whose thread is detached: the one that `id` named has ended.
  ThreadId Renew(ThreadId id) {
    Entry& entry = entries_[id.index()];
    if (++entry.generation == 0) entry.generation = 1;
    return ThreadId(home_, id.index(), entry.generation);
  }

  // The thread has ended. Whom to tell; the record is null when there is nobody yet.
  Joiner End(ThreadId id);

  size_t live() const { return live_; }

 private:
  struct Entry {
    Thread* thread = nullptr;  // null when it has ended
    Joiner joiner;
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
