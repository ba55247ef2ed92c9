// Mailbox<T>: messages of type T to one CPU, in the order in which each sender sent them.
//
// INVARIANTS
//   I1. A mailbox belongs to the CPU on which it was created. Only threads of that CPU receive.
//   I2. Any thread of any CPU sends. A message is built in the sender's memory and handed over by exchange slot; after
//       it was received its memory goes home. Nothing is dropped.
//   I3. A mailbox lives until every message sent to it has been received.
//
// COST. Send: one allocation, one Post. Receive: a list operation, and a block when nothing is there.
#ifndef CORE_KERNEL_MAILBOX_H_
#define CORE_KERNEL_MAILBOX_H_

#include <utility>

#include "core/kernel/allocation.h"
#include "core/kernel/toro.h"

namespace toro {

template <typename T>
class Mailbox {
 public:
  Mailbox() : owner_(CurrentCpu()) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() { TORO_CHECK(inbox_.empty() && waiting_.empty(), "destroyed a mailbox that is in use"); }

  CpuId owner() const { return owner_; }

  // kOutOfMemory: the partition of the sending CPU has no room. kIsolated: T can only be moved (docs/isolation.md). Thread or message context of any CPU.
  Status Send(T value) {
    if constexpr (!std::is_copy_constructible_v<T>) {
      if (Cpu::Current().exchange().isolated() && CurrentCpu() != owner_) return Status::kIsolated;
    }
    void* memory = AllocateAlignedBytes(sizeof(Letter), alignof(Letter));
    if (memory == nullptr) return Status::kOutOfMemory;
    auto* letter = new (memory) Letter(*this, std::move(value));
    letter->deliver = &Deliver;
    Cpu::Current().exchange().Post(owner_, *letter);
    return Status::kOk;
  }

  // The next message; waits for it. Thread of the owner.
  T Receive() {
    TORO_CHECK(CurrentCpu() == owner_, "received from a mailbox of another CPU; Call its owner instead");
    while (inbox_.empty()) {
      Waiter waiter;
      waiter.thread = Scheduler::Current().current();
      waiting_.PushBack(waiter);
      Scheduler::Block();
    }
    Letter* letter = inbox_.PopFront();
    T value = std::move(letter->value);
    letter->~Letter();
    FreeBytes(letter);
    return value;
  }

  // Thread of the owner.
  bool empty() const { return inbox_.empty(); }

 private:
  struct Letter : Message, ListLink {
    Letter(Mailbox& to, T moved) : mailbox(to), value(std::move(moved)) {}
    Mailbox& mailbox;
    CpuId sender = CurrentCpu();
    T value;
  };
  struct Waiter : ListLink {
    Thread* thread = nullptr;
  };

  // Isolated: the receiver keeps a copy in its own memory, and the sender destroys the letter.
  static Letter& TakeOver(Cpu& here, CpuId from, Letter& letter) {
    if constexpr (std::is_copy_constructible_v<T>) {
      void* memory = here.partition().AllocateAligned(sizeof(Letter), alignof(Letter));
      TORO_CHECK(memory != nullptr, "no memory to receive a message; give the machine more memory");
      auto* copy = new (memory) Letter(letter.mailbox, std::as_const(letter.value));
      call_internal::GiveBack(here.scheduler(), from, &letter, [](void* box) { static_cast<Letter*>(box)->~Letter(); });
      return *copy;
    } else {
      return letter;  // Send refused
    }
  }

  static void Deliver(Cpu& here, Message& message) {
    Letter* taken = &static_cast<Letter&>(message);
    if (here.exchange().isolated() && taken->sender != here.id()) taken = &TakeOver(here, taken->sender, *taken);
    Letter& letter = *taken;
    Mailbox& mailbox = letter.mailbox;
    mailbox.inbox_.PushBack(letter);
    if (Waiter* waiter = mailbox.waiting_.PopFront()) here.scheduler().MakeReady(*waiter->thread);
  }

  IntrusiveList<Letter> inbox_;
  IntrusiveList<Waiter> waiting_;
  CpuId owner_;
};

}  // namespace toro

#endif  // CORE_KERNEL_MAILBOX_H_
