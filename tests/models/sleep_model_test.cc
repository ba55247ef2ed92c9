// Sleeping and waking without a fence on the send: SleepWord, PendingWakes, ExchangeSlot, Outbox and Channel, the
// product's own source, put together as core/exchange/exchange.cc and core/kernel/cpu.cc do (P1..P4, S1..S5 of
// sleep_word.h).
//
// THE HALT. A CPU that halts waits for a wake-up. A wake-up is a counter of the pair, stored with release after what
// the sender stored before (the promise of platform::WakeCpu). The weakest platform is modelled: what arrived before
// the sleeper masked its interrupts is lost on it.
#include "core/exchange/sleep_word.h"

#include "core/exchange/channel.h"
#include "core/exchange/exchange_slot.h"
#include "core/exchange/outbox.h"
#include "tests/models/model_atomics.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

// The product's protocol, and what a twin leaves out or moves.
struct Protocol {
  bool look_at_publish = true;       // S2
  bool remember = true;              // S3
  bool review_later = true;          // S4
  bool review_before_sleep = true;   // S5
  bool review_before_fence = false;  // S5, moved before P1
  bool look_before_halt = true;      // P2
  bool look_before_fence = false;    // P2, moved before P1
  bool store_zero = true;            // P4, the store
  bool look_after_halt = true;       // P4, the look
  bool wake_after_publish = true;    // WakeCpu: what was stored before is visible to who wakes up
};

constexpr int kMaxCpusHere = 3;
constexpr int kMaxMessages = 2;

// What a CPU does: sends to each receiver in `to` (as many messages as given), expects some, and does or does not sleep
// while it waits and when it is done.
struct Script {
  int to[kMaxCpusHere] = {};
  int expected = 0;
  bool sleeps = true;
};

template <typename Atomics>
struct Shared {
  using Slot = ExchangeSlot<ModelNode, ModelAtomics>;
  using Ring = ChannelRing<2, ModelAtomics>;

  SleepWord<Atomics> sleep[kMaxCpusHere];
  Slot slot[kMaxCpusHere][kMaxCpusHere];
  ModelAtomics::Word<uint32_t> wakeups[kMaxCpusHere][kMaxCpusHere];
  ModelNode node[kMaxCpusHere][kMaxMessages];
};

template <typename Atomics>
class ModelCpu {
 public:
  // `sends[from]`: whether CPU `from` sends to this one at all. Words that nobody writes are not looked at: each look
  // would multiply the states and could find nothing.
  ModelCpu(Shared<Atomics>& shared, Shared<Atomics>::Ring* channel, const Protocol& protocol, int self, int cpus,
           const bool* sends)
      : shared_(shared),
        protocol_(protocol),
        channel_out_(channel),
        channel_in_(channel),
        self_(self),
        cpus_(cpus),
        by_channel_(channel != nullptr) {
    for (int from = 0; from < cpus; ++from) sends_[from] = sends[from];
  }

  void Run(const Script& script) {
    int sent = 0;
    for (int to = 0; to < cpus_; ++to) {
      for (int i = 0; i < script.to[to]; ++i) Post(to, shared_.node[self_][sent++]);
    }
    for (;;) {
      Step();
      bool done = received_ == script.expected && OutboxesEmpty();
      if (done && AllSeen(script)) return ReturnCredit();
      if (script.sleeps && OutboxesEmpty()) {
        Sleep(done);
        if (done) return;
      } else {
        Await("something for a step to do", [&] {
          if (received_ < script.expected && AnythingHere()) return true;
          return CanPublish() || SomeoneRememberedSleeps() || (done && AllTaken());
        });
        if (done && AllTaken()) return ReturnCredit();
      }
    }
  }

 private:
  void Wake(int to) {
    auto& word = shared_.wakeups[self_][to];
    if (protocol_.wake_after_publish) {
      word.StoreRelease(++woken_[to]);
    } else {
      word.StoreRelaxed(++woken_[to]);
    }
  }

  void Published(int to) {
    sent_to_[to] = true;
    if (protocol_.look_at_publish && shared_.sleep[to].MaySleep()) return Wake(to);
    if (protocol_.remember) pending_.Remember(CpuId(static_cast<size_t>(to)));
  }

  void Post(int to, ModelNode& node) {
    if (by_channel_) {
      ChannelLine<ModelAtomics>* line = channel_out_.Open();
      Expect(line != nullptr, "the script sends no more than the channel holds");
      line->words[0].Set(1);
      channel_out_.Publish(nullptr, 1);
      return Published(to);
    }
    node.payload.Set(1);
    outbox_[to].Append(node);
    if (outbox_[to].Publish(shared_.slot[self_][to])) Published(to);
  }

  void Step() {
    for (int from = 0; from < cpus_; ++from) {
      if (!sends_[from] || by_channel_) continue;
      for (ModelNode* node = shared_.slot[from][self_].Take(); node != nullptr; node = node->next) {
        Expect(node->payload.Get() == 1, "the message is whole");
        ++received_;
      }
    }
    while (by_channel_ && self_ == 1 && channel_in_.TakeLine([](auto, const auto& line, auto) {
      Expect(line.words[0].Get() == 1, "the line is whole");
    })) {
      ++received_;
    }
    for (int to = 0; to < cpus_; ++to) {
      if (!outbox_[to].empty() && outbox_[to].Publish(shared_.slot[self_][to])) Published(to);
    }
    if (protocol_.review_later) Review();
  }

  void Review() {
    pending_.Review([this](CpuId cpu) {
      int to = static_cast<int>(cpu.index());
      if (!shared_.sleep[to].MaySleep()) return false;
      if (!TakenBy(to)) Wake(to);
      return true;
    });
  }

  // `for_ever`: the script is done; nobody sends to this CPU any more, so it stays halted.
  void Sleep(bool for_ever) {
    for (int from = 0; from < cpus_; ++from) {
      if (sends_[from]) handled_[from] = shared_.wakeups[from][self_].LoadAcquire();
    }
    ReturnCredit();
    bool here = protocol_.look_before_fence && AnythingHere();
    if (protocol_.review_before_fence) Review();
    shared_.sleep[self_].AnnounceSleep();
    if (protocol_.review_before_sleep && !protocol_.review_before_fence) Review();
    pending_ = PendingWakes{};
    if (for_ever) return;
    if (protocol_.look_before_halt && !protocol_.look_before_fence) here = AnythingHere();
    if (!here) {
      Halt();
      if (!protocol_.look_after_halt) Halt();
    }
    if (protocol_.store_zero) shared_.sleep[self_].EndSleep();
  }

  void Halt() {
    Await("a wake-up, halted", [this] { return WokenBy() >= 0; });
    int from = WokenBy();
    handled_[from] = shared_.wakeups[from][self_].LoadAcquire();
  }

  int WokenBy() const {
    for (int from = 0; from < cpus_; ++from) {
      if (sends_[from] && shared_.wakeups[from][self_].LoadAcquire() != handled_[from]) return from;
    }
    return -1;
  }

  bool AnythingHere() const {
    if (by_channel_) return self_ == 1 && channel_in_.HasLine();
    for (int from = 0; from < cpus_; ++from) {
      if (sends_[from] && shared_.slot[from][self_].HasChain()) return true;
    }
    return false;
  }

  bool TakenBy(int to) const { return by_channel_ ? channel_out_.AllTaken() : shared_.slot[self_][to].Taken(); }

  bool AllTaken() const {
    for (int to = 0; to < cpus_; ++to) {
      if (sent_to_[to] && !TakenBy(to)) return false;
    }
    return true;
  }

  // A CPU that does not sleep has to keep stepping while it remembers somebody; one that sent nothing ends at once.
  bool AllSeen(const Script& script) const { return !script.sleeps && pending_.empty() && protocol_.remember; }

  bool OutboxesEmpty() const {
    for (int to = 0; to < cpus_; ++to) {
      if (!outbox_[to].empty()) return false;
    }
    return true;
  }

  bool CanPublish() const {
    for (int to = 0; to < cpus_; ++to) {
      if (!outbox_[to].empty() && shared_.slot[self_][to].Taken()) return true;
    }
    return false;
  }

  bool SomeoneRememberedSleeps() {
    bool sleeps = false;
    if (!protocol_.review_later) return false;
    pending_.Review([&](CpuId cpu) {
      sleeps |= shared_.sleep[cpu.index()].MaySleep();
      return false;
    });
    return sleeps;
  }

  void ReturnCredit() {
    if (by_channel_ && self_ == 1) channel_in_.ReturnCredit();
  }

  Shared<Atomics>& shared_;
  const Protocol protocol_;
  Outbox<ModelNode> outbox_[kMaxCpusHere];
  ChannelSender<2, ModelAtomics> channel_out_;
  ChannelReceiver<2, ModelAtomics> channel_in_;
  PendingWakes pending_;
  uint32_t woken_[kMaxCpusHere] = {};    // wake-ups sent
  uint32_t handled_[kMaxCpusHere] = {};  // wake-ups that have ended a halt, or came while awake
  bool sent_to_[kMaxCpusHere] = {};
  bool sends_[kMaxCpusHere] = {};
  int self_;
  int cpus_;
  int received_ = 0;
  bool by_channel_;
};

struct Scene {
  int cpus;
  Script script[kMaxCpusHere];
  bool by_channel = false;  // from CPU 0 to CPU 1
};

template <typename Atomics = ModelAtomics>
Setup Play(const Scene& scene, const Protocol& protocol = {}) {
  return [=](Model& model) {
    auto& shared = model.Make<Shared<Atomics>>("shared");
    typename Shared<Atomics>::Ring* ring = nullptr;
    if (scene.by_channel) ring = &model.Make<typename Shared<Atomics>::Ring>("ring");
    if (ring != nullptr) model.Name(ring->credit, "credit");
    for (int a = 0; a < scene.cpus; ++a) {
      model.Name(shared.sleep[a], {"sleeping", a});
      for (int i = 0; i < kMaxMessages; ++i) model.Name(shared.node[a][i], {"node", a, i});
      for (int b = 0; b < scene.cpus; ++b) {
        model.Name(shared.slot[a][b], {"slot", a, b});
        model.Name(shared.wakeups[a][b], {"wake-up", a, b});
      }
      model.Thread({"cpu", a}, [&shared, ring, protocol, a, scene] {
        bool sends[kMaxCpusHere];
        for (int from = 0; from < scene.cpus; ++from) sends[from] = scene.script[from].to[a] != 0;
        ModelCpu<Atomics>(shared, ring, protocol, a, scene.cpus, sends).Run(scene.script[a]);
      });
    }
  };
}

const Scene kSenderKeepsStepping = {2, {{{0, 1}, 0, false}, {{}, 1, true}}};
const Scene kSenderSleeps = {2, {{{0, 1}, 0, true}, {{}, 1, true}}};
const Scene kTwoMessages = {2, {{{0, 2}, 0, true}, {{}, 2, true}}};
const Scene kTwoMessagesStepping = {2, {{{0, 2}, 0, false}, {{}, 2, true}}};
const Scene kBothWays = {2, {{{0, 1}, 1, true}, {{1, 0}, 1, true}}};
const Scene kTwoToOne = {3, {{{0, 0, 1}, 0, true}, {{0, 0, 1}, 0, false}, {{}, 2, true}}};
const Scene kOneToTwo = {3, {{{0, 1, 1}, 0, true}, {{}, 1, true}, {{}, 1, true}}};
const Scene kByChannel = {2, {{{0, 2}, 0, true}, {{}, 2, true}}, true};
const Scene kByChannelStepping = {2, {{{0, 2}, 0, false}, {{}, 2, true}}, true};

TEST(SleepModel, NoWakeupIsLostBetweenTwoCpus) {
  ProveEverywhere("sleep", "2 CPUs, 1 message, sender keeps stepping", Play(kSenderKeepsStepping));
  ProveEverywhere("sleep", "2 CPUs, 1 message, sender sleeps too", Play(kSenderSleeps));
  ProveEverywhere("sleep", "2 CPUs, 2 messages, sender keeps stepping", Play(kTwoMessagesStepping));
  ProveEverywhere("sleep", "2 CPUs, 2 messages, sender sleeps too", Play(kTwoMessages));
}

TEST(SleepModel, NoWakeupIsLostInBothDirectionsAtOnce) {
  ProveEverywhere("sleep", "2 CPUs, a message each way, both sleep", Play(kBothWays));
}

TEST(SleepModel, NoWakeupIsLostByChannel) {
  ProveEverywhere("sleep, channel", "2 CPUs, 2 lines, sender keeps stepping", Play(kByChannelStepping));
  ProveEverywhere("sleep, channel", "2 CPUs, 2 lines, sender sleeps too", Play(kByChannel));
}

TEST(SleepModel, NoWakeupIsLostAmongThreeCpus) {
  ProveEverywhere("sleep", "3 CPUs, two senders (one sleeps, one steps), one receiver", Play(kTwoToOne));
  ProveEverywhere("sleep", "3 CPUs, one sender, two receivers, all sleep", Play(kOneToTwo));
}

void RefuteOnHardwareAndInCpp(const char* twin, const char* broken, const Scene& scene, const Protocol& protocol) {
  Refute(twin, broken, MemoryModel::kTso, Verdict::kLostWakeup, Play(scene, protocol));
  Refute(twin, broken, MemoryModel::kCpp, Verdict::kLostWakeup, Play(scene, protocol));
}

TEST(BadSleepModel, FenceOfP1IsNeededBySleeperAndSender) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_sleep_no_fence", "P1: no fence", memory, Verdict::kLostWakeup, Play<NoFenceAtomics>(kSenderSleeps));
    Prove("sleep variant", "P1 without its fence, sender keeps stepping", memory,
          Play<NoFenceAtomics>(kSenderKeepsStepping));
  }
}

TEST(BadSleepModel, LookBeforeTheHaltIsNeeded) {
  RefuteOnHardwareAndInCpp("bad_sleep_no_look", "P2: no look before the halt", kSenderSleeps,
                           {.look_before_halt = false});
  RefuteOnHardwareAndInCpp("bad_sleep_early_look", "P2: the look is before P1", kSenderSleeps,
                           {.look_before_fence = true});
}

TEST(BadSleepModel, LookAfterTheHaltIsNeeded) {
  RefuteOnHardwareAndInCpp("bad_sleep_no_look_after", "P4: halts again without a look", kSenderSleeps,
                           {.look_after_halt = false});
}

TEST(BadSleepModel, SenderMustRememberAndReview) {
  RefuteOnHardwareAndInCpp("bad_sleep_forgets", "S3: not remembered", kSenderKeepsStepping, {.remember = false});
  RefuteOnHardwareAndInCpp("bad_sleep_no_review", "S4: no look at later steps", kSenderKeepsStepping,
                           {.review_later = false});
}

TEST(BadSleepModel, SenderMustReviewBetweenItsFenceAndItsSleep) {
  RefuteOnHardwareAndInCpp("bad_sleep_no_last_review", "S5: no look before the sender sleeps", kSenderSleeps,
                           {.review_before_sleep = false});
  RefuteOnHardwareAndInCpp("bad_sleep_early_review", "S5: the look is before the fence of P1", kSenderSleeps,
                           {.review_before_fence = true});
}

TEST(BadSleepModel, WakeupMustNotOvertakeThePublish) {
  Refute("bad_wake_overtakes", "WakeCpu does not order earlier stores before the wake-up", MemoryModel::kCpp,
         Verdict::kLostWakeup, Play(kSenderSleeps, {.wake_after_publish = false}));
}

// Two lines of the protocol save time, not messages: without them nothing is lost.
TEST(SleepModel, LookAtPublishAndStoreOfZeroAreThereForSpeedOnly) {
  for (const Scene& scene : {kSenderKeepsStepping, kSenderSleeps, kBothWays}) {
    for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
      Prove("sleep variant", "without S2 (the wake-up comes at the next step)", memory,
            Play(scene, {.look_at_publish = false}));
      Prove("sleep variant", "P4 without its store (needless wake-ups)", memory, Play(scene, {.store_zero = false}));
    }
  }
}

}  // namespace
}  // namespace toro::model
