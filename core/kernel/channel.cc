#include "core/kernel/channel.h"

namespace toro {

ChannelRoom::ChannelRoom(size_t capacity) : owner_(CurrentCpu()), capacity_(capacity), room_(capacity) {
  TORO_CHECK(capacity > 0, "a channel without room for a value; give it a capacity of one at least");
  handle_ = Scheduler::Current().handles().Open(this);
  TORO_CHECK(handle_ != 0, "no memory for a channel; give the machine more memory");
}

ChannelRoom::~ChannelRoom() {
  // Askers that have given up may still be listed, and those of other CPUs learn of it.
  while (Asker* asker = first_asker_) {
    first_asker_ = asker->next;
    const bool waits = Grant(*asker, Status::kClosed);
    TORO_CHECK(!waits || asker->cpu != owner_, "destroyed a channel for whose room a thread waits; close it first");
    FreeBytes(asker);
  }
  TORO_CHECK(receivers_.empty(), "destroyed a channel from which a thread waits to receive; close it first");
  Scheduler::Current().handles().Close(handle_);
}

Status ChannelRoom::TakeRoom(uint64_t deadline_ns) {
  Scheduler& here = Scheduler::Current();
  const bool at_owner = here.id() == owner_;
  if (at_owner && closed_) return Status::kClosed;
  if (!bounded()) return Status::kOk;
  if (at_owner && room_ > 0) {
    --room_;
    return Status::kOk;
  }
  if (deadline_ns == 0) return Status::kFull;
  TORO_CHECK(here.MayBlock(), "waited for room in a channel outside of a thread");
  uint64_t answer = 0;
  PendingAnswer pending(here, &answer, WaitsFor::kChannel);
  if (at_owner) {
    Ask({nullptr, owner_, pending.handle()});
  } else {
    const uint64_t words[] = {handle_, pending.handle()};
    here.lines().Send(owner_, &DeliverAsk, words, 2);
  }
  Status status = pending.Await(deadline_ns, true);
  return status == Status::kOk ? static_cast<Status>(answer) : status;
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

void ChannelRoom::Ask(Asker asker) {
  if (closed_) {
    (void)Grant(asker, Status::kClosed);
  } else if (room_ > 0) {
    if (Grant(asker, Status::kOk)) --room_;
  } else {
    void* memory = AllocateBytes(sizeof(Asker));
    // To find it, messages may have been taken: all may be different now.
    if (closed_ || room_ > 0) {
      FreeBytes(memory);
      Ask(asker);
    } else if (memory == nullptr) {
      (void)Grant(asker, Status::kOutOfMemory);
    } else {
      auto* waiting = new (memory) Asker(asker);
      (first_asker_ == nullptr ? first_asker_ : last_asker_->next) = waiting;
      last_asker_ = waiting;
    }
  }
}

// False: on this CPU, and it has given up.
bool ChannelRoom::Grant(const Asker& asker, Status status) {
  Scheduler& here = Scheduler::Current();
  if (asker.cpu == owner_) {
    if (here.handles().Find<Answerable>(asker.answer) == nullptr) return false;
    const uint64_t word = static_cast<uint64_t>(status);
    here.Answer(owner_, asker.answer, &word, 1);
    return true;
  }
  const uint64_t words[] = {asker.answer, static_cast<uint64_t>(status), handle_};
  here.lines().Send(asker.cpu, &DeliverRoom, words, 3);
  return true;
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
  while (Asker* asker = first_asker_) {
    first_asker_ = asker->next;
    const bool granted = Grant(*asker, Status::kOk);
    FreeBytes(asker);
    if (granted) return;
  }
  ++room_;
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
  closed_ = true;
  while (Asker* asker = first_asker_) {
    first_asker_ = asker->next;
    (void)Grant(*asker, Status::kClosed);
    FreeBytes(asker);
  }
  while (Scheduler::Current().WakeFirst(receivers_)) continue;
}

}  // namespace toro
