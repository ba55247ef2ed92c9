// The product's Exchange over words of the checker, and a CPU around it that steps and sleeps as core/kernel/cpu.cc
// does: what the models of Exchange and of the return path have in common.
//
// THE HALT is that of sleep_model_test.cc: a wake-up is a counter of the pair, and what arrived before the sleeper
// masked its interrupts is lost on it. A CPU that watches its bells waits for a store to them instead.
#ifndef TESTS_MODELS_MODEL_EXCHANGE_H_
#define TESTS_MODELS_MODEL_EXCHANGE_H_

#include "core/exchange/exchange_work.h"
#include "tests/models/model_atomics.h"

namespace toro::model {

inline constexpr size_t kModelCpus = 3;

// What a platform does wrong, or a line of core/exchange, in a twin.
struct Faults {
  bool rings = true;             // Ring stores the bell
  bool wakes = true;             // WakeCpu does anything
  bool wakes_in_order = true;    // WakeCpu orders earlier stores before the wake-up
  bool halts_with_news = false;  // the CPU halts although PrepareSleep has found something
};

// A message that knows its number, and is checked when it arrives.
template <typename Cpu>
struct ModelMessage {
  PlainLink<ModelMessage> next;
  void (*deliver)(Cpu& here, ModelMessage& message) = nullptr;
  ModelAtomics::Plain<uint64_t> payload;
};

template <typename Cpu, size_t Lines, typename ModelWords>
struct ModelParts {
  using Atomics = ModelWords;
  using Here = Cpu;
  using Message = ModelMessage<Cpu>;
  using Exchange = BasicExchange<ModelParts>;
  using Inbox = BasicInbox<ModelParts>;
  using Link = BasicLink<ModelParts>;
  static constexpr size_t kLines = Lines;

  static void WakeCpu(CpuId cpu) { Cpu::Running().Wake(cpu); }
  static size_t WatchableBytes() { return Cpu::Running().watches() ? kMaxCpus : 0; }
  static void WatchLine(const void*) { Cpu::Running().Watch(); }

  // Exchange lets its Parts look inside.
  static bool Pending(const Exchange& exchange) { return exchange.watches_[0].Pending(exchange.bells_[0]); }
  static bool LooksAtAll(const Exchange& exchange) { return (exchange.busy_ & Exchange::kLookAtAll) != 0; }
  static bool CanPublish(const Exchange& exchange) {
    for (size_t i = 0; i < exchange.cpus(); ++i) {
      const auto& peer = exchange.peers_[i];
      if (peer.packing != nullptr) return true;
      if (!peer.outbox.empty() && peer.out_slot->Taken()) return true;
    }
    return false;
  }
  static bool SomeoneRememberedSleeps(const Exchange& exchange) {
    bool sleeps = false;
    PendingWakes(exchange.pending_wakes_).Review([&](CpuId cpu) {
      sleeps |= exchange.peers_[cpu.index()].sleep->MaySleep();
      return false;
    });
    return sleeps;
  }
  static bool HasSentLines(const Exchange& exchange, CpuId to) { return exchange.peers_[to.index()].rings != 0; }
  static bool HasRoom(const Exchange& exchange, CpuId to) { return exchange.peers_[to.index()].out.AllTaken(); }
  static void ForgetCounters(Exchange& exchange) { exchange.counters_ = {}; }
  static PendingWakes Remembered(const Exchange& exchange) { return exchange.pending_wakes_; }
  static bool RemembersTheSame(const Exchange& exchange, const PendingWakes& others) {
    return std::memcmp(&exchange.pending_wakes_, &others, sizeof others) == 0;
  }
  static bool RemembersSomeone(const Exchange& exchange) { return !exchange.pending_wakes_.empty(); }
  static bool AllTaken(const Exchange& exchange, CpuId to) {
    const auto& peer = exchange.peers_[to.index()];
    return peer.out_slot->Taken() && peer.out.AllTaken();
  }
};

// What the CPUs of one model share.
template <typename Parts, size_t Cpus>
struct ModelMachine {
  typename Parts::Inbox inbox[Cpus];
  typename Parts::Inbox::BellWord bells[Cpus];
  typename Parts::Link links[Cpus][Cpus];  // [receiver][sender]
  ModelAtomics::Word<uint32_t> wakeups[Cpus][Cpus];
  typename Parts::Inbox* inboxes[Cpus];

  // `sends[from][to]`: whether CPU `from` ever sends to `to`.
  void Wire(Model& model, const bool (&sends)[kModelCpus][kModelCpus]) {
    for (size_t to = 0; to < Cpus; ++to) {
      inbox[to].bells = &bells[to];
      inbox[to].links = reinterpret_cast<char*>(links[to]);
      inboxes[to] = &inbox[to];
      int receiver = static_cast<int>(to);
      model.Name(inbox[to].sleep, {"sleeping", receiver});
      model.Name(bells[to], {"bell", receiver});
      for (size_t from = 0; from < Cpus; ++from) {
        int sender = static_cast<int>(from);
        model.Name(links[to][from].slot, {"slot", sender, receiver});
        model.Name(links[to][from].channel.lines, {"line", sender, receiver});
        model.Name(links[to][from].channel.credit, {"credit", sender, receiver});
        model.Name(wakeups[from][to], {"wake-up", sender, receiver});
        if (sends[from][to]) continue;
        model.NeverStored(links[to][from]);
        model.NeverStored(wakeups[from][to]);
      }
    }
  }
};

// A CPU of a model. `Self` derives from it.
template <typename Self, size_t Cpus, size_t Lines, typename ModelWords = ModelAtomics>
class ModelExchangeCpu {
 public:
  using Parts = ModelParts<Self, Lines, ModelWords>;
  using Exchange = typename Parts::Exchange;
  using Machine = ModelMachine<Parts, Cpus>;

  ModelExchangeCpu(Machine& machine, size_t self, bool watches, const Faults& faults)
      : machine_(machine),
        faults_(faults),
        self_(self),
        watches_(watches),
        exchange_(static_cast<Self&>(*this), CpuId{self}, Cpus, machine.inboxes, memory_) {
    if (Exchange::BytesFor(Cpus) > sizeof(memory_)) __builtin_trap();
    running_[Model::Current().running()] = static_cast<Self*>(this);
  }

  static Self& Running() { return *running_[Model::Current().running()]; }

  // A CPU of the checker, alone on the stack of its thread.
  template <typename... Args>
  static void RunAlone(Args&&... args) {
    alignas(Self) unsigned char place[sizeof(Self)];
    std::memset(place, 0, sizeof(place));
    asm volatile("" : : "r"(place) : "memory");  // ContinueFrom hashes the padding, too
    (new (place) Self(std::forward<Args>(args)...))->Run();
  }

  Exchange& exchange() { return exchange_; }
  bool watches() const { return watches_; }

  void Wake(CpuId cpu) {
    if (!faults_.wakes) return;
    auto& word = machine_.wakeups[self_][cpu.index()];
    if (faults_.wakes_in_order) {
      word.StoreRelease(++woken_[cpu.index()]);
    } else {
      word.StoreRelaxed(++woken_[cpu.index()]);
    }
  }

  // What the CPU keeps is what it is.
  void Settle(unsigned place) {
    Parts::ForgetCounters(exchange_);
    ContinueFrom(place, static_cast<const Self&>(*this));
  }

  void Watch() {
    if (watches_) watched_ = machine_.bells[self_].Look();
  }

  // A full channel: this CPU goes on stepping until there is room.
  void AwaitRoom(CpuId to) {
    Await("room in the channel", [this, to] { return Parts::HasRoom(exchange_, to); });
  }

  // A CPU that may not sleep: it goes on stepping until there is news, or, if it uses that, room somewhere.
  void AwaitTurn(bool uses_room) {
    Await("something for a step to do", [this, uses_room] {
      return Parts::LooksAtAll(exchange_) || Parts::Pending(exchange_) || Parts::CanPublish(exchange_) ||
             Parts::SomeoneRememberedSleeps(exchange_) || (uses_room && SomeoneTookAll());
    });
  }

  // As Cpu::Sleep and the step after it. `for_ever`: the CPU stays asleep, when it does sleep. True: it does.
  bool Sleep(bool for_ever) {
    if (exchange_.waiting()) {
      Await("room to send, or news", [this] {
        return Parts::CanPublish(exchange_) || Parts::Pending(exchange_) || Parts::SomeoneRememberedSleeps(exchange_);
      });
      return false;
    }
    uint32_t handled[Cpus];
    for (size_t from = 0; from < Cpus; ++from) handled[from] = machine_.wakeups[from][self_].LoadAcquire();
    if (!exchange_.PrepareSleep() && !faults_.halts_with_news) return false;
    if (for_ever) return true;
    if (watches_) {
      Await("a store to the watched bells", [&] { return machine_.bells[self_].Look() != watched_; });
    } else {
      Await("a wake-up, halted", [&] {
        for (size_t from = 0; from < Cpus; ++from) {
          if (machine_.wakeups[from][self_].LoadAcquire() != handled[from]) return true;
        }
        return false;
      });
    }
    exchange_.EndSleep();
    return false;
  }

  // A CPU that always has a thread to run: it steps again and again, of which only the steps that find something count.
  // `done`: it waits for nothing but its receivers.
  bool KeepStepping(bool done) {
    if (done && !Parts::RemembersSomeone(exchange_)) return true;
    // A step has forgotten whom it saw asleep. Who has not would step for ever, and nothing would come of it.
    const bool reviewed = Parts::RemembersTheSame(exchange_, reviewed_);
    bool review = false;
    Await("something for a step to do", [&, this] {
      review = !reviewed && Parts::SomeoneRememberedSleeps(exchange_);
      return review || Parts::LooksAtAll(exchange_) || Parts::Pending(exchange_) || Parts::CanPublish(exchange_) ||
             (done && EverythingTaken());
    });
    if (review) reviewed_ = Parts::Remembered(exchange_);
    return done && EverythingTaken();
  }

 private:
  // Of those that something was sent to.
  bool SomeoneTookAll() const {
    for (size_t to = 0; to < Cpus; ++to) {
      if (Parts::HasSentLines(exchange_, CpuId{to}) && Parts::HasRoom(exchange_, CpuId{to})) return true;
    }
    return false;
  }
  bool EverythingTaken() const {
    for (size_t to = 0; to < Cpus; ++to) {
      if (to != self_ && !Parts::AllTaken(exchange_, CpuId{to})) return false;
    }
    return true;
  }

  static inline Self* running_[kMaxThreads];

  Machine& machine_;
  const Faults faults_;
  size_t self_;
  bool watches_;
  uint64_t watched_ = 0;
  PendingWakes reviewed_;  // as KeepStepping last saw one of them asleep
  uint32_t woken_[Cpus] = {};
  alignas(kCacheLineBytes) char memory_[1024];
  Exchange exchange_;
};

}  // namespace toro::model

#endif  // TESTS_MODELS_MODEL_EXCHANGE_H_
