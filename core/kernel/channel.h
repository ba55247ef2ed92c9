// Channel<T>: values of type T to the threads of one CPU, from any thread of any CPU, in the order of each sender.
//
// WHY. What threads of different CPUs tell each other goes by message to an owner. A bounded channel has room for so
// many values; a sender takes room first and sends then, so a Send that gives up has sent nothing. Room is given in the
// order in which it was asked for.
//
// INVARIANTS
//   I1. A channel belongs to the CPU on which it was made; its threads receive. Others know its handle: what arrives
//       when the channel is gone is destroyed.
//   I2. Of a bounded channel, values that are queued, values under way and room that is granted are `capacity` at most.
//       Room that is granted to a sender that has given up comes back.
//       A sender that gives up is listed no longer.
//   I3. Nobody waits for room while there is some, and nobody waits to receive while a value is queued that no other
//       thread was woken for.
//   I4. A thread of the owner that waits counts until it has run again; the destructor waits for it, so it may touch
//       the channel without a switch in between. A thread elsewhere reads nothing of the channel after it has waited.
//   I5. What a Send said kOk to is received, or destroyed with the channel: Receive says kClosed when nothing is under
//       way any more. Of a bounded channel the room tells; of an unbounded one the owner asks every CPU after the
//       notice, and their answers come behind what they sent (core/exchange/notice.h). IF YOU let a Send wait between
//       its look at the notice and its line, a value can come behind the answer.
//
// COST. A value that can be copied as bytes and has 48 bytes at most travels in one line and is queued in the owner's
// memory; a larger one in a box, memory of the sender that goes home when it was received. Sending to another CPU's
// bounded channel costs one more message each way, to ask for room. To give up waiting for room takes O(waiting) there.
// To close an unbounded channel costs a message to each CPU and one back.
#ifndef CORE_KERNEL_CHANNEL_H_
#define CORE_KERNEL_CHANNEL_H_

#include <cstring>
#include <new>
#include <utility>

#include "core/exchange/notice.h"
#include "core/kernel/allocation.h"
#include "core/kernel/box.h"
#include "core/kernel/toro.h"
#include "core/sched/answer.h"

namespace toro {

// No bound: Send never waits.
inline constexpr size_t kUnbounded = ~size_t{0};

// The part of a channel that does not know what it carries: room, closing, waiting.
class ChannelRoom {
 public:
  ChannelRoom(const ChannelRoom&) = delete;
  ChannelRoom& operator=(const ChannelRoom&) = delete;

  CpuId owner() const { return owner_; }

  // Nothing is sent any more: Send fails with kClosed, on the owner at once, elsewhere for whoever can know of the
  // close, and Receive when what was sent before has been taken (I5), for which every CPU must step. Called elsewhere
  // than on the owner it takes effect there, in order with what this CPU has sent. Any CPU, any context.
  void Close();

 protected:
  explicit ChannelRoom(size_t capacity);
  ~ChannelRoom();

  // The first step of the destructor: nobody waits any more (I4), and messages do not find the channel.
  void Leave();

  // Room for one value: kOk, kTimedOut, kCancelled, kClosed, kFull (`deadline_ns` is 0), kOutOfMemory (of the owner, to
  // wait). Thread context, but for an unbounded channel.
  Status TakeRoom(uint64_t deadline_ns);

  // One value has been received, or not been sent.
  void GiveRoom();

  // Waits until something is queued or the channel is closed: kOk, kTimedOut, kCancelled.
  Status WaitForValue(uint64_t deadline_ns, bool cancellable) {
    Stay stay(*this);
    return Scheduler::Wait(&receivers_, deadline_ns, WaitsFor::kChannel, cancellable);
  }
  void WakeReceiver() { (void)Scheduler::Current().WakeFirst(receivers_); }

  Scheduler& OwnerHere() const {
    Scheduler& here = Scheduler::Current();
    TORO_CHECK(here.id() == owner_, "received from a channel of another CPU; receive on its owner, or make one here");
    return here;
  }

  // Does a cancel end the thread that calls this, by an exception?
  bool ReceiverUnwinds() const {
    const Thread* self = OwnerHere().current();
    return self != nullptr && self->unwinds;
  }

  Handle handle() const { return handle_; }
  bool bounded() const { return capacity_ != kUnbounded; }
  // Any CPU.
  bool closed() const { return notice_.Given(); }
  // There is nothing to receive that is not queued. The owner.
  bool ended() const { return ended_; }

 private:
  // I4: while one exists, a thread of the owner is in a wait, or was woken and has yet to run.
  class Stay {
   public:
    explicit Stay(ChannelRoom& channel) : channel_(channel) { ++channel_.stays_; }
    ~Stay() {
      if (--channel_.stays_ == 0) (void)Scheduler::Current().WakeFirst(channel_.destroyer_);
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    ChannelRoom& channel_;
  };

  // A sender that waits for room.
  struct Asker {
    Asker* next;
    CpuId cpu;
    Handle answer;
  };

  static void DeliverAsk(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  static void DeliverWithdrawal(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  static void DeliverRoom(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  static void DeliverUnused(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  static void DeliverClose(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  Status TakeRoomHere(uint64_t deadline_ns);
  Status TakeRoomElsewhere(uint64_t deadline_ns);
  void Ask(Asker asker);
  void Withdraw(CpuId cpu, Handle answer);
  void Grant(const Asker& asker, Status status);
  static void DeliverQuestion(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  static void DeliverAnswer(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  void CloseHere();
  void RefuseRoom();
  void EndIfNothingIsUnderWay();
  void End();

  const CpuId owner_;
  const size_t capacity_;
  Handle handle_;
  Notice<> notice_;  // closed

  // The owner's.
  size_t room_;
  size_t unanswered_ = 0;  // I5: CPUs that have yet to answer
  bool ended_ = false;
  Asker* first_asker_ = nullptr;
  Asker* last_asker_ = nullptr;
  WaitList receivers_;
  size_t stays_ = 0;
  WaitList destroyer_;
};

template <typename T>
class Channel : public ChannelRoom {
 public:
  // `capacity` is one at least.
  explicit Channel(size_t capacity = kUnbounded) : ChannelRoom(capacity) {}

  // On its owner, when nobody waits or all who do have been woken: it waits until those have run, which takes a thread.
  // What is queued is destroyed.
  ~Channel() {
    (void)OwnerHere();
    Leave();
    while (taken_ != put_) (void)TakeOut(ring_[taken_++ & (slots_ - 1)]);
    FreeBytes(ring_);
  }

  // Sends a value, waiting for room until `deadline_ns`; 0: kFull if the owner, this CPU, has none now. kClosed,
  // kTimedOut, kCancelled; kOutOfMemory (of this CPU for a box, of the owner to wait). On a failure nothing was sent.
  // kIsolated: T can only be moved (docs/isolation.md). Thread context; of an unbounded channel any context.
  Status Send(T value, uint64_t deadline_ns = kNever) {
    // Elsewhere than at its owner the channel may be gone after a wait: what is needed then is read before.
    const CpuId to = owner();
    const Handle channel = handle();
    Slot slot;
    if constexpr (!kInline) {
      if (!CanTravel<T>(to)) return Status::kIsolated;
      void* box = AllocateAlignedBytes(sizeof(T), alignof(T));
      if (box == nullptr) return Status::kOutOfMemory;
      slot.box = new (box) T(std::move(value));
    } else {
      std::memcpy(slot.bytes, static_cast<const void*>(&value), sizeof(T));
    }
    Status status = TakeRoom(deadline_ns);
    if (status == Status::kOk) {
      Put(slot, to, channel);
    } else if constexpr (!kInline) {
      DestroyBox(slot.box);
    }
    return status;
  }

  // As Send, without waiting. kFull. Room of another CPU's bounded channel is not known here: kFull, always.
  Status TrySend(T value) { return Send(std::move(value), 0); }

  // The next value: kClosed, kTimedOut, kCancelled. Thread of the owner.
  Result<T> Receive(uint64_t deadline_ns = kNever) { return Receive(deadline_ns, true); }

  // Is there nothing to receive? The owner, any context.
  bool empty() const {
    (void)OwnerHere();
    return taken_ == put_;
  }

 protected:
  Result<T> Receive(uint64_t deadline_ns, bool cancellable) {
    TORO_CHECK(OwnerHere().MayBlock(), "received outside of a thread; message handlers and timers must not wait");
    while (taken_ == put_) {
      if (ended()) return Status::kClosed;
      Status status = WaitForValue(deadline_ns, cancellable);
      if (status != Status::kOk && taken_ == put_) return status;
    }
    const Slot slot = ring_[taken_++ & (slots_ - 1)];
    if (bounded()) GiveRoom();
    // Last: a box goes home, and on the way there is perhaps a switch, after which the channel may be gone.
    return Result<T>(TakeOut(slot));
  }

 private:
  static constexpr bool kInline = std::is_trivially_copyable_v<T> && alignof(T) <= alignof(uint64_t) &&
                                  sizeof(T) <= (kChannelWords - 1) * sizeof(uint64_t);
  static constexpr size_t kFirstSlots = 16;

  // A value, or where it is.
  union Slot {
    T* box;
    uint64_t bytes[kInline ? call_internal::WordsOf(sizeof(T)) : 1];
  };

  void Put(const Slot& slot, CpuId to, Handle channel) {
    Scheduler& here = Scheduler::Current();
    if (here.id() == to) {
      Queue(slot);
      return;
    }
    uint64_t words[kChannelWords] = {channel};
    std::memcpy(words + 1, &slot, sizeof slot);
    here.lines().Send(to, &DeliverValue, words, 1 + sizeof slot / sizeof(uint64_t));
    Scheduler::WaitForRoom(to);  // last (I5)
  }

  static void DeliverValue(Cpu& here, CpuId, const uint64_t* words, size_t) TORO_ON(here) {
    Slot slot;
    std::memcpy(&slot, words + 1, sizeof slot);
    auto* room = here.scheduler().handles().template Find<ChannelRoom>(words[0]);
    // Behind the end comes only what had to wait for memory for its line (LineQueue::Send).
    if (room != nullptr && !static_cast<Channel*>(room)->ended()) {
      static_cast<Channel*>(room)->Queue(slot);
    } else if constexpr (!kInline) {
      DestroyBox(slot.box);
    }
  }

  void Queue(const Slot& slot) {
    if (put_ - taken_ == slots_) Grow();
    ring_[put_++ & (slots_ - 1)] = slot;
    WakeReceiver();
  }

  static T TakeOut(const Slot& slot) {
    if constexpr (kInline) {
      return *std::launder(reinterpret_cast<const T*>(slot.bytes));
    } else {
      return TakeOutOfBox(slot.box);
    }
  }

  void Grow() {
    const size_t slots = slots_ == 0 ? kFirstSlots : slots_ * 2;
    auto* ring = static_cast<Slot*>(AllocateBytes(slots * sizeof(Slot)));
    TORO_CHECK(ring != nullptr,
               "no memory for what was sent to a channel; bound the channel, or give the machine more");
    // To find the memory messages may have been taken, and the ring may have grown.
    if (put_ - taken_ < slots_ || slots <= slots_) {
      FreeBytes(ring);
      if (put_ - taken_ == slots_) Grow();
      return;
    }
    for (uint64_t i = taken_; i != put_; ++i) ring[i & (slots - 1)] = ring_[i & (slots_ - 1)];
    FreeBytes(ring_);
    ring_ = ring;
    slots_ = slots;
  }

  Slot* ring_ = nullptr;
  size_t slots_ = 0;  // 0 or a power of two
  uint64_t put_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace toro

#endif  // CORE_KERNEL_CHANNEL_H_
