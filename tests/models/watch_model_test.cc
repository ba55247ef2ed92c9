// Sleeping without saying so: a CPU that watches its doorbell (P1w of sleep_word.h), SleepWord, PendingWakes, BellWord
// and ExchangeSlot, the product's own source, put together as core/exchange/exchange.cc does.
//
// THE WATCH. MONITOR is a load of the line; MWAIT waits until the line has been written since. Here: a load that
// remembers what it saw, and a wait until another load sees something else. The sleeper that announces instead waits
// for a wake-up, as in sleep_model_test.cc.
#include "core/exchange/doorbell.h"
#include "core/exchange/exchange_slot.h"
#include "core/exchange/outbox.h"
#include "core/exchange/sleep_word.h"
#include "tests/models/model_atomics.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

// What a twin moves or leaves out.
struct Protocol {
  bool watch_before_look = true;    // P1w before P2
  bool ring_after_publish = true;   // doorbell.h, I2
  bool fence = true;                // of P1
  bool review_before_sleep = true;  // S5
};

struct Shared {
  SleepWord<ModelAtomics> sleep[2];
  ExchangeSlot<ModelNode, ModelAtomics> slot[2];  // to CPU 0, to CPU 1
  BasicBellWord<ModelAtomics> bell[2];            // of CPU 0, of CPU 1
  ModelAtomics::Word<uint32_t> wakeup[2];
  ModelNode node[2];
};

class ModelCpu {
 public:
  ModelCpu(Shared& shared, const Protocol& protocol, int self, bool watches)
      : shared_(shared), protocol_(protocol), self_(self), watches_(watches) {}

  // Sends one message to the other CPU if `sends`, then waits asleep for one if `expects`; at the end it sleeps for
  // ever.
  void Run(bool sends, bool expects) {
    if (sends) Send();
    while (expects && !Take()) Sleep(false);
    Sleep(true);
  }

 private:
  void Ring() {
    shared_.bell[1 - self_].Ring(static_cast<size_t>(self_), 1);
    if (shared_.sleep[1 - self_].MaySleep()) {
      shared_.wakeup[1 - self_].StoreRelease(++woken_);
    } else {
      pending_.Remember(CpuId(static_cast<size_t>(1 - self_)));
    }
  }

  void Send() {
    ModelNode& node = shared_.node[self_];
    node.payload.Set(1);
    outbox_.Append(node);
    if (!protocol_.ring_after_publish) Ring();
    bool published = outbox_.Publish(shared_.slot[1 - self_]);
    Expect(published, "the slot was free");
    if (protocol_.ring_after_publish) Ring();
  }

  bool Take() {
    ModelNode* node = shared_.slot[self_].Take();
    if (node == nullptr) return false;
    Expect(node->payload.Get() == 1, "the message is whole");
    return true;
  }

  void Review() {
    pending_.Review([this](CpuId) {
      if (!shared_.sleep[1 - self_].MaySleep()) return false;
      if (!shared_.slot[1 - self_].Taken()) shared_.wakeup[1 - self_].StoreRelease(++woken_);
      return true;
    });
  }

  void Sleep(bool for_ever) {
    uint32_t handled = shared_.wakeup[self_].LoadAcquire();
    if (!watches_) {
      shared_.sleep[self_].AnnounceSleep();
    } else if (protocol_.fence) {
      shared_.sleep[self_].SleepWatching();
    }
    if (protocol_.review_before_sleep) Review();
    pending_ = PendingWakes{};
    if (for_ever) return;
    bool here = false;
    if (watches_) {
      if (!protocol_.watch_before_look) here = shared_.slot[self_].HasChain();
      uint64_t seen = shared_.bell[self_].Look();
      if (protocol_.watch_before_look) here = shared_.slot[self_].HasChain();
      if (!here) Await("a store to the watched line", [&] { return shared_.bell[self_].Look() != seen; });
      return;
    }
    if (!shared_.slot[self_].HasChain()) {
      Await("a wake-up, halted", [&] { return shared_.wakeup[self_].LoadAcquire() != handled; });
    }
    shared_.sleep[self_].EndSleep();
  }

  Shared& shared_;
  const Protocol protocol_;
  Outbox<ModelNode> outbox_;
  PendingWakes pending_;
  uint32_t woken_ = 0;
  int self_;
  bool watches_;
};

struct Scene {
  bool sends[2];
  bool watches[2];
};

Setup Play(const Scene& scene, const Protocol& protocol = {}) {
  return [=](Model& model) {
    auto& shared = model.Make<Shared>("shared");
    for (int i = 0; i < 2; ++i) {
      model.Name(shared.sleep[i], {"sleeping", i});
      model.Name(shared.slot[i], {"slot", i});
      model.Name(shared.bell[i], {"bell", i});
      model.Name(shared.wakeup[i], {"wake-up", i});
      model.Name(shared.node[i], {"node", i});
      model.Thread({"cpu", i}, [&shared, protocol, i, scene] {
        ModelCpu(shared, protocol, i, scene.watches[i]).Run(scene.sends[i], scene.sends[1 - i]);
      });
    }
  };
}

constexpr Scene kToWatcher = {{true, false}, {false, true}};
constexpr Scene kToWatcherFromWatcher = {{true, false}, {true, true}};
constexpr Scene kBothWatch = {{true, true}, {true, true}};
constexpr Scene kOneWatches = {{true, true}, {true, false}};

TEST(WatchModel, ACpuThatWatchesItsBellsLosesNothing) {
  ProveEverywhere("sleep, watching", "1 message to a CPU that watches, sender announces its sleep", Play(kToWatcher));
  ProveEverywhere("sleep, watching", "1 message, both watch", Play(kToWatcherFromWatcher));
  ProveEverywhere("sleep, watching", "a message each way, both watch", Play(kBothWatch));
  ProveEverywhere("sleep, watching", "a message each way, one watches, one announces", Play(kOneWatches));
}

TEST(BadWatchModel, TheWatchMustComeBeforeTheLook) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_watch_late", "P1w after P2", memory, Verdict::kLostWakeup,
           Play(kToWatcher, {.watch_before_look = false}));
  }
}

TEST(BadWatchModel, TheRingMustComeAfterThePublish) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_watch_early_ring", "the ring before the publish", memory, Verdict::kLostWakeup,
           Play(kToWatcher, {.ring_after_publish = false}));
  }
}

// One that watches also sends; for a receiver that announces its sleep, the sender's own fence and last look count.
TEST(BadWatchModel, ASenderThatWatchesStillNeedsItsFenceAndItsLastReview) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_watch_no_fence", "no fence before a watched sleep", memory, Verdict::kLostWakeup,
           Play(kOneWatches, {.fence = false}));
    Refute("bad_watch_no_last_review", "S5 left out", memory, Verdict::kLostWakeup,
           Play(kOneWatches, {.review_before_sleep = false}));
  }
}

}  // namespace
}  // namespace toro::model
