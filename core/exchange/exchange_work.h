// The functions of Exchange. Included where it is instantiated: exchange.cc for the product, tests/models for the
// proof.
//
// WHY. The rest of the kernel sees exchange.h only, so that this is compiled once; and the model checker runs this very
// source over words of its own.
// INVARIANTS, MEMORY ORDER, COST: exchange.h.
#ifndef CORE_EXCHANGE_EXCHANGE_WORK_H_
#define CORE_EXCHANGE_EXCHANGE_WORK_H_

#include <new>

#include "core/base/check.h"
#include "core/exchange/exchange.h"
#include "core/machine/simulation.h"

namespace toro {

template <typename Parts>
BasicExchange<Parts>::BasicExchange(Here& here, CpuId self, size_t cpus, Inbox* const* inboxes, void* memory)
    : bells_(inboxes[self.index()]->bells),
      bell_words_((cpus + kBellsPerWord - 1) / kBellsPerWord),
      here_(here),
      inbox_(*inboxes[self.index()]),
      peers_(static_cast<Peer*>(memory)),
      cpus_(cpus),
      self_(self),
      last_peer_(self) {
  for (size_t i = 0; i < cpus; ++i) {
    Inbox& theirs = *inboxes[i];
    new (&peers_[i]) Peer(theirs.LinkFrom(self.index()), inbox_.LinkFrom(i), theirs.bells[self.index() / kBellsPerWord],
                          theirs.sleep);
  }
}

template <typename Parts>
void BasicExchange<Parts>::Ring(Peer& peer, CpuId to) {
  peer.bell->Ring(self_.index() % kBellsPerWord, ++peer.rings);
  if (peer.sleep->MaySleep()) {
    ++counters_.wakes_sent;
    Parts::WakeCpu(to);
  } else {
    pending_wakes_.Remember(to);
  }
}

template <typename Parts>
void BasicExchange<Parts>::Post(CpuId to, Message& message) {
  ++counters_.messages_sent;
  Simulation::MessagePosted(self_, to, &message);
  if (to == self_) {
    to_self_.Append(message);
    busy_ |= kWaiting;
    return;
  }
  Peer& peer = peers_[to.index()];
  ++peer.messages_sent;
  peer.outbox.Append(message);
  if (!Simulation::Fails(FaultPoint::kSlotFull) && peer.outbox.Publish(*peer.out_slot)) {
    Ring(peer, to);
  } else {
    MarkWaiting(to);
  }
}

template <typename Parts>
void BasicExchange<Parts>::Publish(Peer& peer, CpuId to, ChannelHandler handler, size_t count) {
  peer.out.Publish(handler, count);
  Simulation::LinePublished(self_, to, handler, count);
  ++counters_.lines_sent;
  Ring(peer, to);
}

template <typename Parts>
void BasicExchange<Parts>::PublishPacked(Peer& peer, CpuId to) {
  ChannelHandler handler = peer.packing;
  peer.packing = nullptr;
  Publish(peer, to, handler, peer.packed);
}

template <typename Parts>
bool BasicExchange<Parts>::SendLine(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count) {
  TORO_CHECK(to != self_, "a CPU has no channel to itself; call the handler");
  Peer& peer = peers_[to.index()];
  if (peer.packing != nullptr) PublishPacked(peer, to);
  if (Simulation::Fails(FaultPoint::kChannelFull)) return false;
  Line* line = peer.out.Open();
  if (line == nullptr) return false;
  for (size_t i = 0; i < count; ++i) line->words[i].Set(words[i]);
  Publish(peer, to, handler, count);
  return true;
}

template <typename Parts>
bool BasicExchange<Parts>::Pack(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count) {
  TORO_CHECK(to != self_, "a CPU has no channel to itself; call the handler");
  Peer& peer = peers_[to.index()];
  if (peer.packing != nullptr && (peer.packing != handler || peer.packed + count > kChannelWords)) {
    PublishPacked(peer, to);
  }
  if (Simulation::Fails(FaultPoint::kChannelFull)) return false;
  Line* line = peer.out.Open();
  if (line == nullptr) return false;
  if (peer.packing == nullptr) {
    peer.packing = handler;
    peer.packed = 0;
    MarkWaiting(to);
  }
  for (size_t i = 0; i < count; ++i) line->words[peer.packed++].Set(words[i]);
  if (peer.packed == kChannelWords) PublishPacked(peer, to);
  return true;
}

template <typename Parts>
void BasicExchange<Parts>::Flush() {
  PublishWaiting();
}

// Publishes outboxes whose slot is free, and open lines. What still waits keeps its bit.
template <typename Parts>
bool BasicExchange<Parts>::PublishWaiting() {
  bool published = false;
  uint64_t rest = to_self_.empty() ? 0 : 1;
  for (size_t w = 0; w < kPeerWords; ++w) {
    for (uint64_t bits = waiting_[w]; bits != 0; bits &= bits - 1) {
      size_t bit = static_cast<size_t>(__builtin_ctzll(bits));
      CpuId to{w * 64 + bit};
      Peer& peer = peers_[to.index()];
      if (peer.packing != nullptr) {
        PublishPacked(peer, to);
        published = true;
      }
      if (!Simulation::Fails(FaultPoint::kSlotFull) && peer.outbox.Publish(*peer.out_slot)) {
        Ring(peer, to);
        published = true;
      }
      if (peer.outbox.empty()) waiting_[w] &= ~(uint64_t{1} << bit);
    }
    rest |= waiting_[w];
  }
  busy_ = rest != 0 ? busy_ | kWaiting : busy_ & ~kWaiting;
  return published;
}

// Returns how many there were.
template <typename Parts>
uint64_t BasicExchange<Parts>::DeliverChain(CpuId from, Message* chain) {
  uint64_t delivered = 0;
  while (chain != nullptr) {
    // Read before delivery: see Message.
    Message* next = chain->next;
    ++delivered;
    ++counters_.messages_received;
    Simulation::MessageDelivered(from, self_, chain);
    chain->deliver(here_, *chain);
    chain = next;
  }
  return delivered;
}

template <typename Parts>
bool BasicExchange<Parts>::Take(CpuId from) {
  Peer& peer = peers_[from.index()];
  uint64_t delivered = DeliverChain(from, peer.in_slot->Take());
  peer.messages_taken += delivered;
  for (size_t lines = 0; lines < kMostLinesPerLook; ++lines) {
    bool taken = peer.in.template TakeLine<ChannelHandler>([&](ChannelHandler handler, const Line& line, size_t count) {
      uint64_t words[kChannelWords];
      for (size_t i = 0; i < count; ++i) words[i] = line.words[i].Get();
      ++counters_.lines_received;
      Simulation::LineTaken(from, self_, handler, count);
      handler(here_, from, words, count);
    });
    if (!taken) return delivered + lines > 0;
  }
  // What is still there was published after the look at the bell, so its ring is still to be seen.
  return true;
}

template <typename Parts>
bool BasicExchange<Parts>::Work() {
  TORO_CHECK(!working(), "took messages inside of a message handler");
  bool look_at_all = (busy_ & kLookAtAll) != 0;
  busy_ = (busy_ | kWorking) & ~kLookAtAll;
  bool worked = false;
  if (look_at_all) {
    for (size_t i = 0; i < cpus_; ++i) worked |= Take(CpuId{i});
  } else if (HasLineFromLastPeer()) {
    worked = Take(last_peer_);
  }
  for (size_t w = 0; w < bell_words_; ++w) {
    uint64_t changed = watches_[w].Changed(bells_[w]);
    while (changed != 0) {
      size_t byte = static_cast<size_t>(__builtin_ctzll(changed)) / 8;
      changed &= ~(uint64_t{0xff} << (byte * 8));
      if (Take(CpuId{w * kBellsPerWord + byte})) {
        worked = true;
        last_peer_ = CpuId{w * kBellsPerWord + byte};
      }
    }
  }
  if (!to_self_.empty()) worked |= DeliverChain(self_, to_self_.TakeAll()) > 0;
  if ((busy_ & kWaiting) != 0) worked |= PublishWaiting();
  ReviewWakes();
  busy_ &= ~kWorking;
  return worked;
}

// S4 and S5: a receiver that may sleep is woken, unless it has taken everything.
template <typename Parts>
void BasicExchange<Parts>::ReviewWakes() {
  pending_wakes_.Review([this](CpuId to) {
    Peer& peer = peers_[to.index()];
    if (!peer.sleep->MaySleep()) return false;
    if (!peer.out_slot->Taken() || !peer.out.AllTaken()) {
      ++counters_.wakes_sent;
      Parts::WakeCpu(to);
    }
    return true;
  });
}

template <typename Parts>
bool BasicExchange<Parts>::AnythingHere() const {
  if (busy_ != 0) return true;
  for (size_t i = 0; i < cpus_; ++i) {
    if (peers_[i].in_slot->HasChain() || peers_[i].in.HasLine()) return true;
  }
  return false;
}

template <typename Parts>
bool BasicExchange<Parts>::PrepareSleep() {
  for (size_t i = 0; i < cpus_; ++i) peers_[i].in.ReturnCredit();
  // When the platform watches the bells, each ring ends the halt: nobody needs to know of the sleep (sleep_word.h).
  if (bell_words_ * sizeof(BellWord) <= Parts::WatchableBytes()) {
    inbox_.sleep.SleepWatching();
  } else {
    inbox_.sleep.AnnounceSleep();
  }
  ReviewWakes();
  // After this CPU's own fence a receiver that is not asleep will look after its own: nothing is left to remember.
  pending_wakes_.Clear();
  Parts::WatchLine(bells_);
  if (!AnythingHere()) return true;
  inbox_.sleep.EndSleep();
  busy_ |= kLookAtAll;
  return false;
}

}  // namespace toro

#endif  // CORE_EXCHANGE_EXCHANGE_WORK_H_
