// ThreadTable: the threads whose home is this CPU, by id.
//
// INVARIANTS
//   I1. An entry is used again only after its thread has ended and was joined or was detached; its generation grows
//       then. A joiner of another CPU has joined when it says that it has heard of the end (Joined), not before: it
//       may have given up when the answer comes.
//   I2. One CPU: the home. Others ask by message.
#ifndef CORE_SCHED_THREAD_TABLE_H_
#define CORE_SCHED_THREAD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"
#include "core/memory/partition.h"
#include "core/sched/handle_table.h"
#include "core/sched/thread.h"

namespace toro {

// Who waits for the end of a thread: a thread of some CPU, answered when the thread has ended. `handle` is zero when
// there is nobody, and finds something on that CPU only.
struct Joiner {
  CpuId cpu;
  Handle handle = 0;

  friend bool operator==(const Joiner&, const Joiner&) = default;
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

  // The joiner has given up. If it was answered meanwhile, it has not heard the answer, and the thread can be joined
  // again. No effect on another joiner.
  void Withdraw(ThreadId id, Joiner joiner);

  // A joiner of another CPU has heard that the thread has ended.
  void Joined(ThreadId id);

  // The thread has ended. Whom to tell; the handle is zero when there is nobody yet.
  Joiner End(ThreadId id);

  // Where a thread of this home is (control.cc).
  struct Place {
    CpuId cpu;                        // where it was sent last; here before
    CpuId destination;                // of a thread that is parked
    bool parked = false;              // in the hands of its home, until all requests that follow it are back
    uint32_t requests_under_way = 0;  // that were sent to `cpu` and are not back
  };

  // The thread that runs under this id, and where it is; null when there is none any more.
  Thread* FindLive(ThreadId id) {
    Entry* entry = Find(id);
    return entry != nullptr ? entry->thread : nullptr;
  }
  // `index` is one of a live thread of this home. Valid until the next Add.
  Place& PlaceOf(uint32_t index) { return entries_[index].place; }

  size_t live() const { return live_; }

  template <typename Visit>
  void ForEachLive(Visit visit) {
    for (uint32_t i = 0; i < capacity_; ++i) {
      if (entries_[i].used && entries_[i].thread != nullptr) visit(*entries_[i].thread, entries_[i].place);
    }
  }

 private:
  struct Entry {
    Thread* thread = nullptr;  // null when it has ended
    Joiner joiner;
    uint32_t generation = 1;
    uint32_t next_free = 0;
    bool used = false;
    bool detached = false;
    Place place;
  };

  Entry* Find(ThreadId id);
  void Release(uint32_t index);
  [[gnu::cold]] bool Grow();

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
