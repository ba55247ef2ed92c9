// Work on request: see spreading.h.
#include <algorithm>

#include "core/sched/scheduler.h"

namespace toro {

void Scheduler::SetTakesWork(bool takes_work) {
  const bool took_work = work_.takes_work;
  work_.takes_work = takes_work;
  if (takes_work || !took_work) return;
  // From all: an arrival makes this CPU ask again, but closes no request, except that of the CPU that gave.
  work_.asked.Clear();
  const uint64_t nothing = 0;
  for (size_t i = 0; i < exchange_.cpus(); ++i) {
    if (CpuId{i} != id()) lines_.Send(CpuId{i}, &DeliverWorkWithdrawal, &nothing, 1);
  }
}

// The loop, which has nothing to run.
void Scheduler::AskForWork() {
  if (!work_.takes_work || work_.asked.size() + 1 >= exchange_.cpus()) return;
  for (size_t i = 0; i < exchange_.cpus(); ++i) {
    CpuId cpu{i};
    if (cpu == id() || work_.asked.Has(cpu)) continue;
    // By the queue that keeps the order: a request must not overtake the withdrawal of the one before.
    const uint64_t nothing = 0;
    lines_.Send(cpu, &DeliverWorkRequest, &nothing, 1);
    work_.asked.Add(cpu);
  }
}

void Scheduler::DeliverWorkRequest(Cpu&, CpuId from, const uint64_t*, size_t) { Current().work_.askers.Add(from); }

void Scheduler::DeliverWorkWithdrawal(Cpu&, CpuId from, const uint64_t*, size_t) {
  Current().work_.askers.Remove(from);
}

// May the loop hand over this thread, which is in the ring?
bool Scheduler::MayGive(const Thread& thread) const {
  return thread.may_move && (thread.flags & Thread::kStays) == 0 && thread.mutexes == 0 && !thread.NeedsAttention() &&
         !thread.polling && &thread != runner_;
}

// The loop. The head stays: this CPU goes on with it.
void Scheduler::GiveWork() {
  Thread* movable[WorkRequests::kMostLooked];
  size_t count = 0;
  auto* thread = static_cast<Thread*>(ring_.head()->next);
  for (size_t looked = 0; looked < WorkRequests::kMostLooked && thread != ring_.head(); ++looked) {
    if (MayGive(*thread)) movable[count++] = thread;
    thread = static_cast<Thread*>(thread->next);
  }
  // Equal shares for all, this CPU included, as far as it looked.
  size_t askers = work_.askers.size();
  size_t share = std::min((count + 1 + askers) / (askers + 1), WorkRequests::kMostGiven);
  while (count > 0 && work_.askers.size() > 0) {
    CpuId to = work_.askers.TakeFirst();
    for (size_t given = 0; given < share && count > 0; ++given) {
      departed_ = movable[--count];
      destination_ = to;
      LeaveRing(*departed_);
      SendDeparted();
    }
  }
}

}  // namespace toro
