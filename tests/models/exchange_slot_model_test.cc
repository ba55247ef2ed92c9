// ExchangeSlot and Outbox, the product's own source, in every order (invariants I1..I5 of
// core/exchange/exchange_slot.h).
#include "core/exchange/exchange_slot.h"

#include "core/exchange/outbox.h"
#include "tests/models/model_atomics.h"
#include "tests/models/proof.h"

namespace toro::model {
namespace {

using Slot = ExchangeSlot<ModelNode, ModelAtomics>;

struct Nodes {
  ModelNode node[4];
};

void Send(Slot& slot, ModelNode& node, uint64_t payload) {
  node.payload.Set(payload);
  node.next = nullptr;
  if (slot.Put(&node)) return;
  Await("the receiver empties the slot", [&slot] { return slot.Taken(); });
  Expect(slot.Put(&node), "an emptied slot takes the next chain (I1)");
}

ModelNode& Receive(Slot& slot) {
  ModelNode* node = slot.Take();
  if (node == nullptr) {
    Await("a chain in the slot", [&slot] { return slot.HasChain(); });
    node = slot.Take();
    Expect(node != nullptr, "what was seen in the slot stays there until it is taken (I2)");
  }
  return *node;
}

void ThreeChains(Model& model) {
  Slot& slot = model.Make<Slot>("slot");
  Nodes& nodes = model.Make<Nodes>("nodes");
  for (int i = 0; i < 3; ++i) model.Name(nodes.node[i], {"node", i});
  model.Thread("sender", [&] {
    for (uint64_t i = 0; i < 3; ++i) Send(slot, nodes.node[i], 100 + i);
  });
  model.Thread("receiver", [&] {
    for (uint64_t i = 0; i < 3; ++i) {
      ModelNode& node = Receive(slot);
      Expect(node.payload.Get() == 100 + i, "chains arrive in order, with what was written into them (I4)");
      Expect(node.next == nullptr, "the chain ends where the sender ended it");
    }
  });
}

TEST(ExchangeSlotModel, ThreeChainsArriveInOrderWithTheirContents) {
  ProveEverywhere("slot", "2 CPUs, 3 chains", ThreeChains);
}

// All ordered pairs of three CPUs.
struct Matrix {
  Slot slot[3][3];
  ModelNode node[3][3];
};

void ThreeCpus(Model& model) {
  Matrix& matrix = model.Make<Matrix>("matrix");
  for (int from = 0; from < 3; ++from) {
    for (int to = 0; to < 3; ++to) {
      model.Name(matrix.slot[from][to], {"slot", from, to});
      model.Name(matrix.node[from][to], {"node", from, to});
    }
  }
  for (int me = 0; me < 3; ++me) {
    model.Thread({"cpu", me}, [&matrix, me] {
      for (int to = 0; to < 3; ++to) {
        if (to != me) Send(matrix.slot[me][to], matrix.node[me][to], static_cast<uint64_t>(10 * me + to));
      }
      for (int from = 0; from < 3; ++from) {
        if (from == me) continue;
        ModelNode& node = Receive(matrix.slot[from][me]);
        Expect(node.payload.Get() == static_cast<uint64_t>(10 * from + me), "each pair has a slot of its own");
      }
    });
  }
}

TEST(ExchangeSlotModel, ThreeCpusExchangeInAllPairs) {
  ProveEverywhere("slot", "3 CPUs, all pairs, 1 chain each", ThreeCpus);
}

void OutboxOrder(Model& model) {
  Slot& slot = model.Make<Slot>("slot");
  Nodes& nodes = model.Make<Nodes>("nodes");
  for (int i = 0; i < 4; ++i) model.Name(nodes.node[i], {"node", i});
  model.Thread("sender", [&] {
    Outbox<ModelNode> outbox;
    for (uint64_t i = 0; i < 4; ++i) {
      nodes.node[i].payload.Set(i);
      outbox.Append(nodes.node[i]);
      outbox.Publish(slot);
    }
    if (!outbox.empty()) {
      Await("the receiver empties the slot", [&slot] { return slot.Taken(); });
      Expect(outbox.Publish(slot), "a free slot takes the whole outbox");
    }
    Expect(outbox.empty(), "one publish hands over everything");
  });
  model.Thread("receiver", [&] {
    for (uint64_t got = 0; got < 4;) {
      for (ModelNode* node = &Receive(slot); node != nullptr; ++got) {
        ModelNode* next = node->next;
        Expect(node->payload.Get() == got, "posted first, delivered first (I4)");
        node = next;
      }
    }
  });
}

TEST(ExchangeSlotModel, OutboxKeepsTheOrderWhateverTheReceiverTakesWhen) {
  ProveEverywhere("outbox", "2 CPUs, 4 messages", OutboxOrder);
}

// Two slots make a round trip: the node goes to the receiver, comes back, and is written again by its first owner.
// `late_read`: the receiver reads node.next after it has handed the node back.
Setup RoundTrip(bool late_read) {
  return [late_read](Model& model) {
    Slot& there = model.Make<Slot>("slot there");
    Slot& back = model.Make<Slot>("slot back");
    ModelNode& node = model.Make<ModelNode>("node");
    model.Thread("owner", [&] {
      Send(there, node, 1);
      Expect(&Receive(back) == &node, "the node comes back");
      Send(there, node, 2);
    });
    model.Thread("receiver", [&, late_read] {
      ModelNode& got = Receive(there);
      ModelNode* next = got.next;
      Expect(next == nullptr && got.payload.Get() == 1, "the first content");
      back.Put(&got);
      if (late_read) next = got.next;
      Expect(Receive(there).payload.Get() == 2, "the second content");
    });
  };
}

TEST(ExchangeSlotModel, NodeThatComesBackBySlotMayBeReused) {
  ProveEverywhere("slot", "2 CPUs, a node there and back", RoundTrip(false));
}

TEST(BadSlotModel, NodeReadAfterHandingItBackIsARace) {
  for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
    Refute("bad_slot_late_read", "node.next is read after deliver", memory, Verdict::kDataRace, RoundTrip(true));
  }
}

Setup Weakened(Weaken what) {
  return [what](Model& model) {
    ThreeChains(model);
    model.WeakenOrder(*static_cast<Slot*>(model.Find("slot")), what);
  };
}

TEST(BadSlotModel, PutWithoutReleaseIsARace) {
  Refute("bad_slot_put_relaxed", "Put: release -> relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         Weakened(Weaken::kReleaseToRelaxed));
}

TEST(BadSlotModel, TakeWithoutAcquireIsARace) {
  Refute("bad_slot_take_relaxed", "Take: acquire -> relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         Weakened(Weaken::kAcquireToRelaxed));
}

TEST(BadSlotModel, X86ItselfAcceptsRelaxedOrders) {
  Prove("slot", "Put and Take relaxed: only a compiler could break it", MemoryModel::kTso,
        Weakened(Weaken::kReleaseToRelaxed));
}

// A slot as the product's, with the order of the null that travels back, and its moment, to choose.
template <bool kNullIsReleased, bool kNullAfterWalk>
struct TwinSlot {
  ModelAtomics::Word<ModelNode*> head;

  bool Put(ModelNode* chain) {
    if ((kNullIsReleased ? head.LoadAcquire() : head.LoadRelaxed()) != nullptr) return false;
    head.StoreRelease(chain);
    return true;
  }
  template <typename Walk>
  bool TakeAndWalk(Walk walk) {
    ModelNode* chain = head.LoadAcquire();
    if (chain == nullptr) return false;
    if (!kNullAfterWalk) StoreNull();
    walk(*chain);
    if (kNullAfterWalk) StoreNull();
    return true;
  }
  void StoreNull() {
    if (kNullIsReleased) {
      head.StoreRelease(nullptr);
    } else {
      head.StoreRelaxed(nullptr);
    }
  }
};

// The sender writes the same node again as soon as it sees null.
template <typename Twin>
void ReuseOnNull(Model& model) {
  Twin& slot = model.Make<Twin>("slot");
  ModelNode& node = model.Make<ModelNode>("node");
  model.Thread("sender", [&] {
    node.payload.Set(1);
    slot.Put(&node);
    Await("null", [&] { return slot.head.LoadAcquire() == nullptr; });
    node.payload.Set(2);
    slot.Put(&node);
  });
  model.Thread("receiver", [&] {
    for (uint64_t i = 1; i <= 2; ++i) {
      Await("a chain in the slot", [&] { return slot.head.LoadRelaxed() != nullptr; });
      slot.TakeAndWalk([i](ModelNode& got) { Expect(got.payload.Get() == i, "the content of this round"); });
    }
  });
}

TEST(BadSlotModel, NullDoesNotGiveTheNodeBack) {
  Refute("bad_slot_reuse", "the node is reused when the slot is null again", MemoryModel::kCpp, Verdict::kDataRace,
         ReuseOnNull<TwinSlot<false, false>>);
  // Release and acquire on the null alone do not cure it, not even on x86: null is stored before the walk (I5).
  Refute("bad_slot_reuse_ordered", "the same, with release/acquire on the null", MemoryModel::kCpp, Verdict::kDataRace,
         ReuseOnNull<TwinSlot<true, false>>);
  Refute("bad_slot_reuse_ordered", "the same, with release/acquire on the null", MemoryModel::kTso, Verdict::kDataRace,
         ReuseOnNull<TwinSlot<true, false>>);
  // Nor does the later moment without the order.
  Refute("bad_slot_reuse_late", "the same, null stored after the walk, relaxed", MemoryModel::kCpp, Verdict::kDataRace,
         ReuseOnNull<TwinSlot<false, true>>);
  Prove("slot variant", "reuse on null, with both: null after the walk, release/acquire", MemoryModel::kCpp,
        ReuseOnNull<TwinSlot<true, true>>);
}

// I5: the walk of the first chain lasts until the sender has put the second.
template <typename Twin>
void LongWalk(Model& model) {
  Twin& slot = model.Make<Twin>("slot");
  ModelAtomics::Word<uint32_t>& put_twice = model.Make<ModelAtomics::Word<uint32_t>>("second put");
  Nodes& nodes = model.Make<Nodes>("nodes");
  model.Thread("sender", [&] {
    slot.Put(&nodes.node[0]);
    Await("the slot to be free", [&] { return slot.head.LoadRelaxed() == nullptr; });
    slot.Put(&nodes.node[1]);
    put_twice.StoreRelaxed(1);
  });
  model.Thread("receiver", [&] {
    Await("a chain in the slot", [&] { return slot.head.LoadRelaxed() != nullptr; });
    slot.TakeAndWalk([&](ModelNode&) { Await("the walk to end", [&] { return put_twice.LoadRelaxed() != 0; }); });
  });
}

TEST(BadSlotModel, NullAfterTheWalkHoldsTheSenderUp) {
  Prove("slot", "2 CPUs, a walk as long as the sender's next put", MemoryModel::kTso, LongWalk<TwinSlot<false, false>>);
  Refute("bad_slot_null_after_walk", "null is stored after the walk (I5)", MemoryModel::kTso, Verdict::kLostWakeup,
         LongWalk<TwinSlot<false, true>>);
}

// Two CPUs put into one slot.
void TwoSenders(Model& model) {
  Slot& slot = model.Make<Slot>("slot");
  Nodes& nodes = model.Make<Nodes>("nodes");
  for (int me = 0; me < 2; ++me) {
    model.Thread({"sender", me}, [&slot, &nodes, me] { slot.Put(&nodes.node[me]); });
  }
}

TEST(BadSlotModel, TwoSendersInOneSlotAreFound) {
  Refute("bad_slot_two_senders", "two CPUs put into one slot (I2)", MemoryModel::kCpp, Verdict::kTwoWriters,
         TwoSenders);
}

}  // namespace
}  // namespace toro::model
