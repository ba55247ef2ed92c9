// Detached threads: from the queue of those that have not begun to their end.
//
// The runner is a thread that runs one start after the other. When what it runs waits or yields, it stops being the
// runner and is an ordinary thread from then on; another runner takes the rest of the queue. So every start behaves as
// a thread of its own, has an id of its own, and costs a switch and a stack only if it waits.
#include "core/machine/platform_services.h"
#include "core/sched/scheduler.h"

namespace toro {
namespace {

constexpr uint64_t kLeastCapacity = 64;

// After so many starts in a row the loop and the other ready threads have a turn.
constexpr uint32_t kStartsInARow = 32;

}  // namespace

bool StartQueue::Grow() {
  uint64_t capacity = capacity_ == 0 ? kLeastCapacity : capacity_ * 2;
  auto* ring = static_cast<ThreadStart*>(partition_.Allocate(capacity * sizeof(ThreadStart)));
  if (ring == nullptr) return false;
  // The allocation may have reclaimed, and what that ran may have grown the ring or taken from it.
  if (put_ - taken_ < capacity_ || capacity_ >= capacity) {
    partition_.Free(ring);
    return put_ - taken_ < capacity_ || Grow();
  }
  for (uint64_t i = taken_; i != put_; ++i) ring[i & (capacity - 1)] = ring_[i & (capacity_ - 1)];
  partition_.Free(ring_);
  ring_ = ring;
  capacity_ = capacity;
  return true;
}

Status Scheduler::SpawnDetached(CpuId to, void (*function)(void*), void* argument) {
  Scheduler& here = Current();
  const uint64_t words[] = {reinterpret_cast<uint64_t>(function), reinterpret_cast<uint64_t>(argument)};
  if (to == here.id()) {
    DeliverDetached(here.cpu_, to, words, 2);
    return Status::kOk;
  }
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  while (!Current().exchange_.Pack(to, &DeliverDetached, words, 2)) YieldHere();
  return Status::kOk;
}

void Scheduler::DeliverDetached(Cpu&, CpuId, const uint64_t* words, size_t count) {
  Scheduler& here = Current();
  for (size_t i = 0; i + 1 < count; i += 2) {
    bool room = here.starts_.Push({reinterpret_cast<void (*)(void*)>(words[i]), reinterpret_cast<void*>(words[i + 1])});
    TORO_CHECK(room, "no memory for a detached thread; use Spawn to be told, or give the machine more memory");
  }
  here.EnsureRunner();
}

// Without memory for a stack the starts wait until some thread gives its own back.
void Scheduler::EnsureRunner() {
  if (runner_ != nullptr || starts_.empty()) return;
  ThreadBody body;
  body.run = &RunStarts;
  Result<ThreadId> id = Create(body, ThreadOptions());
  if (!id.ok()) {
    // A thread that is about to leave its stack is not among the live ones any more.
    TORO_CHECK(table_.live() > 0 || running_,
               "no memory for the stack of a detached thread; give the machine more memory");
    return;
  }
  TORO_CHECK(table_.Detach(id.value()) == Status::kOk);
  runner_ = ring_.last();
  UpdateInterrupted();
}

// What the runner runs is about to wait or to yield.
void Scheduler::StopBeingRunner() {
  runner_ = nullptr;
  UpdateInterrupted();
  EnsureRunner();
}

void Scheduler::RunStarts(void*) {
  Thread* self = Current().current();
  for (uint32_t run = 0;; ++run) {
    Scheduler& here = Current();
    if (here.runner_ != self) return;  // it waited, so another runner has the queue: ends as any thread
    if (here.starts_.empty()) {
      here.runner_ = nullptr;
      here.UpdateInterrupted();
      return;
    }
    if (run > 0) {
      self->arena.EndOwner();  // which does not wait: a thread that was nowhere else took all from its own CPU
      here.BeginAnotherLife(*self);
    }
    if (run % kStartsInARow == kStartsInARow - 1 || (here.single_step_ && run > 0)) {
      here.LetLoopRun(*self);
      if (Current().runner_ != self) return;  // it was suspended meanwhile
    }
    ThreadStart start = Current().starts_.Pop();  // I4: `here` is of before the switch
    start.function(start.argument);
    if (platform::ThreadLocalBytes() > 0) platform::FinishThreadLocals();
    self->FinishRuntime();
    Current().DropFloatControls(*self);
    TORO_CHECK(self->mutexes == 0, "a thread ended while it holds a mutex; unlock it first (MutexHolder does)");
  }
}

// The runner's last start has ended, and its arena has been given back. The next one is another thread, with an id and
// thread_local variables of its own.
void Scheduler::BeginAnotherLife(Thread& self) {
  ++counters_.ended;
  ++counters_.created;
  SetControl(self, 0);  // what was asked of the last one does not concern the next
  self.polling = false;
  self.id = table_.Renew(self.id);
  if (platform::ThreadLocalBytes() > 0) platform::InitThreadLocals(self.thread_locals);
}

}  // namespace toro
