#include "core/kernel/barrier.h"

#include "core/kernel/allocation.h"

namespace toro {

Barrier::Barrier(size_t threads) : owner_(CurrentCpu()), threads_(threads) {
  TORO_CHECK(threads > 0, "a barrier for no thread; give it one at least");
  handle_ = Scheduler::Current().handles().Open(this);
  arrived_ = threads <= (~size_t{0} >> 1) / sizeof(Arrived)
                 ? static_cast<Arrived*>(AllocateBytes(threads * sizeof(Arrived)))
                 : nullptr;
  TORO_CHECK(handle_ != 0 && arrived_ != nullptr, "no memory for a barrier of so many threads");
}

Barrier::~Barrier() {
  Scheduler& here = Scheduler::Current();
  TORO_CHECK(here.id() == owner_, "destroyed a barrier on another CPU than the one that made it");
  TORO_CHECK(arrived_count_ == 0, "destroyed a barrier at which threads wait; let them through first");
  here.handles().Close(handle_);
  FreeBytes(arrived_);
}

Status Barrier::Arrive(uint64_t deadline_ns) {
  Scheduler& here = Scheduler::Current();
  TORO_CHECK(here.MayBlock(), "waited at a barrier outside of a thread; message handlers and timers must not wait");
  uint64_t answer = 0;
  PendingAnswer pending(here, &answer, WaitsFor::kBarrier);
  // Elsewhere than at its owner the barrier may be gone after the wait: what is needed then is read before.
  const CpuId owner = owner_;
  const uint64_t words[] = {handle_, pending.handle()};
  const bool at_owner = here.id() == owner;
  if (at_owner) {
    Add({owner, pending.handle()});
  } else {
    here.lines().Send(owner, &DeliverArrival, words, 2);
  }
  Status status = pending.Await(deadline_ns, true);
  if (status == Status::kOk) return static_cast<Status>(answer);
  pending.Close();
  if (at_owner) {
    Withdraw({owner, words[1]});
  } else {
    here.lines().Send(owner, &DeliverWithdrawal, words, 2);
  }
  return status;
}

// [barrier, answer]
void Barrier::DeliverArrival(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  auto* barrier = here.scheduler().handles().Find<Barrier>(words[0]);
  if (barrier != nullptr) {
    barrier->Add({from, words[1]});
  } else {
    const uint64_t closed = static_cast<uint64_t>(Status::kClosed);
    here.scheduler().Answer(from, words[1], &closed, 1);
  }
}

void Barrier::DeliverWithdrawal(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  auto* barrier = here.scheduler().handles().Find<Barrier>(words[0]);
  if (barrier != nullptr) barrier->Withdraw({from, words[1]});
}

void Barrier::Add(Arrived arrived) {
  arrived_[arrived_count_++] = arrived;
  if (arrived_count_ < threads_) return;
  arrived_count_ = 0;
  const uint64_t ok = static_cast<uint64_t>(Status::kOk);
  for (size_t i = 0; i < threads_; ++i) Scheduler::Current().Answer(arrived_[i].cpu, arrived_[i].answer, &ok, 1);
}

void Barrier::Withdraw(Arrived arrived) {
  for (size_t i = 0; i < arrived_count_; ++i) {
    if (arrived_[i].cpu != arrived.cpu || arrived_[i].answer != arrived.answer) continue;
    arrived_[i] = arrived_[--arrived_count_];
    return;
  }
}

}  // namespace toro
