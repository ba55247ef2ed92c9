// Doorbell, the product's own source, in every order (invariants I1..I4 of core/exchange/doorbell.h).
//
// The receivers here never sleep, so they never look at their slots unless a bell has rung: a missed ring is a wait for
// ever. (In the product the look before sleeping would find the message, late.)
#include "core/exchange/doorbell.h"

#include "core/exchange/channel.h"
#include "core/exchange/exchange_slot.h"
#include "tests/models/model_atomics.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

using Slot = ExchangeSlot<ModelNode, ModelAtomics>;
using Bell = BasicBellWord<ModelAtomics>;
using Watch = BellWatch<Bell>;

struct Inbox {
  Bell bell;
  Slot slot[2];
  ModelNode node[2][3];
};

Inbox& MakeInbox(Model& model) {
  Inbox& inbox = model.Make<Inbox>("inbox");
  for (int from = 0; from < 2; ++from) {
    model.Name(inbox.slot[from], {"slot", from});
    for (int i = 0; i < 3; ++i) model.Name(inbox.node[from][i], {"node", from, i});
  }
  model.Name(inbox.bell, "bell");
  return inbox;
}

enum class RingWhen { kAfterPublish, kBeforePublish };

void SendAll(Inbox& inbox, size_t me, uint64_t messages, RingWhen when) {
  uint8_t rung = 0;
  for (uint64_t i = 0; i < messages; ++i) {
    Await("the slot to be free", [&] { return inbox.slot[me].Taken(); });
    inbox.node[me][i].payload.Set(i);
    inbox.node[me][i].next = nullptr;
    if (when == RingWhen::kBeforePublish) inbox.bell.Ring(me, ++rung);
    inbox.slot[me].Put(&inbox.node[me][i]);
    if (when == RingWhen::kAfterPublish) inbox.bell.Ring(me, ++rung);
  }
}

void ReceiveAll(Inbox& inbox, size_t senders, uint64_t messages_each) {
  Watch watch;
  uint64_t received[2] = {};
  for (uint64_t left = senders * messages_each; left != 0;) {
    Await("the bell", [&] { return watch.Pending(inbox.bell); });
    uint64_t changed = watch.Changed(inbox.bell);
    for (size_t from = 0; from < senders; ++from) {
      if ((changed >> (8 * from) & 0xff) == 0) continue;
      ModelNode* node = inbox.slot[from].Take();
      if (node == nullptr) continue;  // taken already: a bell is a hint
      Expect(node->payload.Get() == received[from]++, "in order, with its contents");
      --left;
    }
  }
}

Setup Bells(size_t senders, uint64_t messages, RingWhen when = RingWhen::kAfterPublish) {
  return [=](Model& model) {
    Inbox& inbox = MakeInbox(model);
    for (size_t me = 0; me < senders; ++me) {
      model.Thread({"sender", static_cast<int>(me)}, [=, &inbox] { SendAll(inbox, me, messages, when); });
    }
    model.Thread("receiver", [=, &inbox] { ReceiveAll(inbox, senders, messages); });
  };
}

TEST(DoorbellModel, ReceiverThatLooksOnlyWhenRungMissesNothing) {
  ProveEverywhere("doorbell and slot", "2 CPUs, 3 chains", Bells(1, 3));
  ProveEverywhere("doorbell and slot", "3 CPUs, 2 senders, 2 chains each", Bells(2, 2));
}

TEST(BadDoorbellModel, RingBeforePublishIsMissed) {
  for (MemoryModel memory : {MemoryModel::kSc, MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_doorbell_early", "rung before the publish (I2)", memory, Verdict::kLostWakeup,
           Bells(1, 2, RingWhen::kBeforePublish));
  }
}

Setup Weakened(Weaken what) {
  return [what](Model& model) {
    Bells(1, 2)(model);
    model.WeakenOrder(static_cast<Inbox*>(model.Find("inbox"))->bell, what);
  };
}

TEST(BadDoorbellModel, BothOrdersAreNeeded) {
  Refute("bad_doorbell_ring_relaxed", "Ring: release -> relaxed", MemoryModel::kCpp, Verdict::kLostWakeup,
         Weakened(Weaken::kReleaseToRelaxed));
  Refute("bad_doorbell_look_relaxed", "Look: acquire -> relaxed", MemoryModel::kCpp, Verdict::kLostWakeup,
         Weakened(Weaken::kAcquireToRelaxed));
}

// The first design: a flag that the receiver clears before it takes.
void ClearedFlag(Model& model) {
  auto& ring = model.Make<ChannelRing<2, ModelAtomics>>("ring");
  auto& flag = model.Make<ModelAtomics::Word<uint8_t>>("flag");
  for (int i = 0; i < 2; ++i) model.Name(ring.lines[i].control, {"control", i});
  model.Thread("sender", [&] {
    ChannelSender<2, ModelAtomics> sender(&ring);
    for (int i = 0; i < 2; ++i) {
      sender.Publish(nullptr, 1);
      flag.StoreRelease(1);
    }
  });
  model.Thread("receiver", [&] {
    ChannelReceiver<2, ModelAtomics> receiver(&ring);
    for (int left = 2; left != 0;) {
      Await("the flag", [&] { return flag.LoadAcquire() != 0; });
      flag.StoreRelease(0);
      while (receiver.TakeLine([](auto, const auto&, auto) {})) --left;
    }
  });
}

TEST(BadDoorbellModel, FlagThatTheReceiverClearsErasesARing) {
  Prove("doorbell variant", "a flag that the receiver clears first: right only without store buffers", MemoryModel::kSc,
        ClearedFlag);
  Refute("bad_doorbell_cleared", "a flag that the receiver clears before it takes", MemoryModel::kTso,
         Verdict::kLostWakeup, ClearedFlag);
}

// I3, scaled down: a counter modulo `modulus` instead of 256, next to a slot a channel of few lines that is drained by
// at most `Lines` lines per look. The sender does what rings most often between two looks: it publishes P1 while the
// ring of P0 (taken already) is what the receiver looks at, fills the channel, fills it again while it is drained, and
// publishes
// P2.
template <size_t Lines>
struct ScaledInbox {
  Bell bell;
  ChannelRing<Lines, ModelAtomics> ring;
  Slot slot;
  ModelNode node[3];
};

template <size_t Lines>
Setup SmallCounter(uint64_t modulus) {
  return [=](Model& model) {
    auto& inbox = model.Make<ScaledInbox<Lines>>("inbox");
    model.Name(inbox.bell, "bell");
    model.Name(inbox.slot, "slot");
    for (size_t i = 0; i < Lines; ++i) model.Name(inbox.ring.lines[i].control, {"control", static_cast<int>(i)});
    model.Name(inbox.ring.credit, "credit");
    model.Thread("sender", [modulus, &inbox] {
      ChannelSender<Lines, ModelAtomics> sender(&inbox.ring);
      uint64_t rung = 0;
      auto ring = [&] { inbox.bell.Ring(0, static_cast<uint8_t>(++rung % modulus)); };
      auto put = [&](ModelNode& node) {
        Await("the slot to be free", [&] { return inbox.slot.Taken(); });
        inbox.slot.Put(&node);
        ring();
      };
      auto line = [&](size_t i) {
        if (i >= Lines) Await("credit", [&] { return inbox.ring.credit.taken.LoadRelaxed() > i - Lines; });
        Expect(sender.Open() != nullptr, "returned credit is room");
        sender.Publish(nullptr, 1);
        ring();
      };
      line(0);
      put(inbox.node[0]);
      put(inbox.node[1]);
      for (size_t i = 1; i <= 2 * Lines; ++i) line(i);
      put(inbox.node[2]);
    });
    model.Thread("receiver", [&inbox] {
      ChannelReceiver<Lines, ModelAtomics> receiver(&inbox.ring);
      Watch watch;
      for (size_t left = 3 + 2 * Lines + 1; left != 0;) {
        Await("the bell", [&] { return watch.Pending(inbox.bell); });
        watch.Changed(inbox.bell);
        if (inbox.slot.Take() != nullptr) --left;
        for (size_t i = 0; i < Lines && receiver.TakeLine([](auto, const auto&, auto) {}); ++i) --left;
        receiver.ReturnCredit();
      }
    });
  };
}

TEST(DoorbellModel, CounterOfMoreThanTwoRingfulsAndTwoChainsNeverLooksUnchanged) {
  Prove("doorbell, slot and channel", "2 CPUs, 1 line, bell modulo 5 = 2 + 2 lines + 1", MemoryModel::kTso,
        SmallCounter<1>(5));
  Prove("doorbell, slot and channel", "2 CPUs, 2 lines, bell modulo 7 = 2 + 4 lines + 1", MemoryModel::kSc,
        SmallCounter<2>(7));
}

TEST(BadDoorbellModel, CounterThatWrapsBetweenTwoLooksLooksUnchanged) {
  Refute("bad_doorbell_wrap", "1 line, bell modulo 4 = 2 + 2 lines (I3)", MemoryModel::kSc, Verdict::kLostWakeup,
         SmallCounter<1>(4));
  Refute("bad_doorbell_wrap", "2 lines, bell modulo 6 = 2 + 4 lines (I3)", MemoryModel::kSc, Verdict::kLostWakeup,
         SmallCounter<2>(6));
}

}  // namespace
}  // namespace toro::model
