#include "core/kernel/channel.h"

namespace toro {

ChannelRoom::ChannelRoom(size_t capacity) : owner_(CurrentCpu()), capacity_(capacity), room_(capacity) {
  TORO_CHECK(capacity > 0, "a channel without room for a value; give it a capacity of one at least");
  handle_ = Scheduler::Current().handles().Open(this);
  TORO_CHECK(handle_ != 0, "no memory for a channel; give the machine more memory");
}

ChannelRoom::~ChannelRoom() = default;

void ChannelRoom::Leave() {
  Scheduler& here = Scheduler::Current();
  for (const Asker* asker = first_asker_; asker != nullptr; asker = asker->next) {
    // One that has given up is listed until it runs.
    TORO_CHECK(asker->cpu != owner_ || !here.handles().Find<PendingAnswer>(asker->answer)->waits(),
               "destroyed a channel for whose room a thread waits; close it first");
  }
  TORO_CHECK(closed() || receivers_.empty(),
             "destroyed a channel from which a thread waits to receive; close it first");
  notice_.Give();
  RefuseRoom();
  End();
  if (stays_ > 0) {
    TORO_CHECK(here.MayBlock(),
               "destroyed a channel outside of a thread while threads that were woken have yet to leave it; destroy it "
               "in a thread");
    (void)Scheduler::Wait(&destroyer_, kNever, WaitsFor::kChannel, false);
  }
  here.handles().Close(handle_);
}

Status ChannelRoom::TakeRoom(uint64_t deadline_ns) {
  Scheduler& here = Scheduler::Current();
  const bool at_owner = here.id() == owner_;
  if (closed()) return Status::kClosed;
  if (!bounded()) return Status::kOk;
  if (at_owner && room_ > 0) {
    --room_;
    return Status::kOk;
  }
  if (deadline_ns == 0) return Status::kFull;
  TORO_CHECK(here.MayBlock(), "waited for room in a channel outside of a thread");
  return at_owner ? TakeRoomHere(deadline_ns) : TakeRoomElsewhere(deadline_ns);
}

Status ChannelRoom::TakeRoomHere(uint64_t deadline_ns) {
  Stay stay(*this);
  uint64_t answer = 0;
  PendingAnswer pending(Scheduler::Current(), &answer, WaitsFor::kChannel);
  const Handle wanted = pending.handle();
  Ask({nullptr, owner_, wanted});
  const Status status = pending.Await(deadline_ns, true);
  if (status == Status::kOk) return static_cast<Status>(answer);
  Withdraw(owner_, wanted);
  return status;
}

// Reads nothing of the channel after the wait (I4).
Status ChannelRoom::TakeRoomElsewhere(uint64_t deadline_ns) {
  Scheduler& here = Scheduler::Current();
  const CpuId owner = owner_;
  uint64_t answer = 0;
  PendingAnswer pending(here, &answer, WaitsFor::kChannel);
  const uint64_t words[] = {handle_, pending.handle()};
  here.lines().Send(owner, &DeliverAsk, words, 2);
  const Status status = pending.Await(deadline_ns, true);
  if (status == Status::kOk) return static_cast<Status>(answer);
  // In this order: room that is granted while the withdrawal is sent must find nobody, to go back (I2).
  pending.Close();
  here.lines().Send(owner, &DeliverWithdrawal, words, 2);
  return status;
}

// [channel, answer]
void ChannelRoom::DeliverAsk(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  auto* channel = here.scheduler().handles().Find<ChannelRoom>(words[0]);
  if (channel != nullptr) {
    channel->Ask({nullptr, from, words[1]});
  } else {
    const uint64_t closed = static_cast<uint64_t>(Status::kClosed);
    here.scheduler().Answer(from, words[1], &closed, 1);
  }
}

// [channel, answer]
void ChannelRoom::DeliverWithdrawal(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  auto* channel = here.scheduler().handles().Find<ChannelRoom>(words[0]);
  if (channel != nullptr) channel->Withdraw(from, words[1]);
}

void ChannelRoom::Withdraw(CpuId cpu, Handle answer) {
  Asker* before = nullptr;
  for (Asker* asker = first_asker_; asker != nullptr; before = asker, asker = asker->next) {
    if (asker->cpu != cpu || asker->answer != answer) continue;
    (before == nullptr ? first_asker_ : before->next) = asker->next;
    if (last_asker_ == asker) last_asker_ = before;
    FreeBytes(asker);
    return;
  }
}

void ChannelRoom::Ask(Asker asker) {
  if (closed()) {
    Grant(asker, Status::kClosed);
  } else if (room_ > 0) {
    --room_;
    Grant(asker, Status::kOk);
  } else {
    void* memory = AllocateBytes(sizeof(Asker));
    // To find it, messages may have been taken: all may be different now.
    if (closed() || room_ > 0) {
      FreeBytes(memory);
      Ask(asker);
    } else if (memory == nullptr) {
      Grant(asker, Status::kOutOfMemory);
    } else {
      auto* waiting = new (memory) Asker(asker);
      (first_asker_ == nullptr ? first_asker_ : last_asker_->next) = waiting;
      last_asker_ = waiting;
    }
  }
}

void ChannelRoom::Grant(const Asker& asker, Status status) {
  Scheduler& here = Scheduler::Current();
  if (asker.cpu == owner_) {
    const uint64_t word = static_cast<uint64_t>(status);
    here.Answer(owner_, asker.answer, &word, 1);
    return;
  }
  const uint64_t words[] = {asker.answer, static_cast<uint64_t>(status), handle_};
  here.lines().Send(asker.cpu, &DeliverRoom, words, 3);
}

// [answer, status, channel]: I2, room for somebody who has given up goes back.
void ChannelRoom::DeliverRoom(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  auto* answerable = here.scheduler().handles().Find<Answerable>(words[0]);
  if (answerable != nullptr) {
    answerable->take(*answerable, here.scheduler(), words + 1, 1);
  } else if (static_cast<Status>(words[1]) == Status::kOk) {
    here.scheduler().lines().Send(from, &DeliverUnused, words + 2, 1);
  }
}

void ChannelRoom::DeliverUnused(Cpu& here, CpuId, const uint64_t* words, size_t) {
  auto* channel = here.scheduler().handles().Find<ChannelRoom>(words[0]);
  if (channel != nullptr) channel->GiveRoom();
}

void ChannelRoom::GiveRoom() {
  Asker* asker = first_asker_;
  if (asker == nullptr) {
    ++room_;
    EndIfNothingIsUnderWay();
    return;
  }
  first_asker_ = asker->next;
  Grant(*asker, Status::kOk);
  FreeBytes(asker);
}

void ChannelRoom::Close() {
  Scheduler& here = Scheduler::Current();
  if (here.id() == owner_) {
    CloseHere();
  } else {
    here.lines().Send(owner_, &DeliverClose, &handle_, 1);
  }
}

void ChannelRoom::DeliverClose(Cpu& here, CpuId, const uint64_t* words, size_t) {
  auto* channel = here.scheduler().handles().Find<ChannelRoom>(words[0]);
  if (channel != nullptr) channel->CloseHere();
}

void ChannelRoom::CloseHere() {
  if (closed()) return;
  notice_.Give();
  RefuseRoom();
  if (!bounded()) {
    Scheduler& here = Scheduler::Current();
    const size_t cpus = here.exchange().cpus();
    unanswered_ = cpus - 1;
    for (size_t cpu = 0; cpu < cpus; ++cpu) {
      if (CpuId{cpu} != owner_) here.lines().Send(CpuId{cpu}, &DeliverQuestion, &handle_, 1);
    }
  }
  EndIfNothingIsUnderWay();
}

// I5. By the queue in which the values go, behind those that this CPU has sent.
void ChannelRoom::DeliverQuestion(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  here.scheduler().lines().Send(from, &DeliverAnswer, words, 1);
}

void ChannelRoom::DeliverAnswer(Cpu& here, CpuId, const uint64_t* words, size_t) {
  auto* channel = here.scheduler().handles().Find<ChannelRoom>(words[0]);
  if (channel == nullptr) return;
  --channel->unanswered_;
  channel->EndIfNothingIsUnderWay();
}

void ChannelRoom::RefuseRoom() {
  while (Asker* asker = first_asker_) {
    first_asker_ = asker->next;
    Grant(*asker, Status::kClosed);
    FreeBytes(asker);
  }
}

// I5. What is queued has its room, too: of a bounded channel this comes when the last value has been received.
void ChannelRoom::EndIfNothingIsUnderWay() {
  if (closed() && (bounded() ? room_ == capacity_ : unanswered_ == 0)) End();
}

void ChannelRoom::End() {
  ended_ = true;
  while (Scheduler::Current().WakeFirst(receivers_)) continue;
}

}  // namespace toro
