// Exchange: everything that one CPU says to and hears from the others.
//
// WHY. All words that CPUs share are in the Inboxes below; all bookkeeping about them is in the Exchange, private to
// its CPU. A CPU sends by writing into the receiver's Inbox, at the place that belongs to the pair; it learns of news
// by its own doorbell. There are three ways to send:
//     Post      a Message of any size, by pointer; a chain of any length waits in the outbox; never fails
//     SendLine  up to seven words to a handler, one line transfer; refuses when the channel is full
//     Pack      as SendLine, but lines are filled by several calls and published by Flush or when full
//
// INVARIANTS
//   I1. An Inbox lies in the partition of its receiver. Its place `s` is written by CPU `s` and the receiver only.
//   I2. Per ordered pair, messages arrive in the order of Post, and lines in the order of SendLine and Pack. There is
//       no order between the two.
//   I3. Deliver functions and channel handlers run in message context: inside of Work, on the stack of the loop (of
//       an allocation that found no memory: scheduler.h, I6). They must not block and must not call Work.
//   I4. Whoever publishes also rings and then looks at the sleep word (sleep_word.h, S1-S3).
//
// MEMORY ORDER. That of its parts: exchange_slot.h, channel.h, doorbell.h, sleep_word.h. What they make together, this
// very class, is searched to the end with words that a model checker owns: `Parts` is the seam
// (tests/models/exchange_model_test.cc).
//
// COST. Quiet(): one load per eight CPUs. Send: the stores of the form chosen, one byte store, one load.
#ifndef CORE_EXCHANGE_EXCHANGE_H_
#define CORE_EXCHANGE_EXCHANGE_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/exchange/channel.h"
#include "core/exchange/doorbell.h"
#include "core/exchange/exchange_slot.h"
#include "core/exchange/message.h"
#include "core/exchange/outbox.h"
#include "core/exchange/sleep_word.h"
#include "core/machine/platform_services.h"

namespace toro {

inline constexpr size_t kChannelLines = 64;

// What the product's Exchange is made of.
struct ProductParts {
  using Atomics = KernelAtomics;
  using Message = toro::Message;  // has `next` and `deliver`
  using Here = Cpu;               // what handlers are passed
  static constexpr size_t kLines = kChannelLines;

  static void WakeCpu(CpuId cpu) { platform::WakeCpu(cpu); }
  static size_t WatchableBytes() { return platform::WatchableBytes(); }
  static void WatchLine(const void* line) { platform::WatchLine(line); }
};

// What one sender and one receiver share.
template <typename Parts>
struct BasicLink {
  ExchangeSlot<typename Parts::Message, typename Parts::Atomics> slot;
  ChannelRing<Parts::kLines, typename Parts::Atomics> channel;
};

// What the others may touch of one CPU.
template <typename Parts>
struct BasicInbox {
  using Link = BasicLink<Parts>;
  using BellWord = BasicBellWord<typename Parts::Atomics>;

  SleepWord<typename Parts::Atomics> sleep;
  // Set at boot, before other CPUs run. Not part of the Inbox, so that under isolation (docs/isolation.md) each can
  // have pages of its own, which exactly those can write whom the protocol requires.
  BellWord* bells = nullptr;  // one per eight senders
  char* links = nullptr;      // a Link per sender, link_stride apart
  size_t link_stride = sizeof(Link);

  Link& LinkFrom(size_t sender) { return *reinterpret_cast<Link*>(links + sender * link_stride); }

  static constexpr size_t kBellBytes = kMaxCpus / kBellsPerWord * sizeof(BellWord);
};

template <typename Parts>
class BasicExchange {
 public:
  using Here = typename Parts::Here;
  using Message = typename Parts::Message;
  using ChannelHandler = void (*)(Here& here, CpuId from, const uint64_t* words, size_t count);
  using Link = BasicLink<Parts>;
  using Inbox = BasicInbox<Parts>;

  // `inboxes[i]` is the Inbox of CPU i, for i < cpus; its links are in place. `here` is passed to every handler.
  // `memory` holds BytesFor(cpus) bytes, aligned to a cache line, private to this CPU.
  [[gnu::cold]] BasicExchange(Here& here, CpuId self, size_t cpus, Inbox* const* inboxes, void* memory);
  static size_t BytesFor(size_t cpus) { return cpus * sizeof(Peer); }

  BasicExchange(const BasicExchange&) = delete;
  BasicExchange& operator=(const BasicExchange&) = delete;

  // Hands `message` to CPU `to`, this CPU included, which then runs message.deliver. Never fails, never blocks.
  void Post(CpuId to, Message& message);

  // Sends `count` words, 1..7, to `handler` on another CPU. False: the channel is full now.
  bool SendLine(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count);

  // Appends `count` words to the open line for `handler`. What is packed is on its way after the next Flush or Work at
  // the latest. `count` must divide what a handler expects; a line never splits one call's words. False: the channel is
  // full.
  bool Pack(CpuId to, ChannelHandler handler, const uint64_t* words, size_t count);
  // As Pack with one word; in few instructions when it neither begins nor fills a line.
  bool PackWord(CpuId to, ChannelHandler handler, uint64_t word) {
    Peer& peer = peers_[to.index()];
    if (__builtin_expect(peer.packing != handler || peer.packed >= kChannelWords - 1, 0)) {
      return Pack(to, handler, &word, 1);
    }
    peer.out.opened().words[peer.packed++].Set(word);
    return true;
  }
  void Flush();

  // Nothing has arrived, nothing waits, and Work is not running: the next Work would do nothing. The check of every
  // yield.
  bool Quiet() const {
    bool news = watches_[0].Pending(bells_[0]);
    for (size_t w = 1; w < bell_words_; ++w) news |= watches_[w].Pending(bells_[w]);
    return !news && busy_ == 0;
  }

  // Can no CPU write into the memory of another (docs/isolation.md)? Set at boot.
  bool isolated() const { return isolated_; }
  void SetIsolated(bool isolated) { isolated_ = isolated; }

  // Says that a handler runs that Work does not know of.
  void SetWorking(bool working) { busy_ = working ? busy_ | kWorking : busy_ & ~kWorking; }

  // Makes Quiet false until it is taken back: the next yield of this CPU must take the slow way.
  void SetInterrupted(bool interrupted) { busy_ = interrupted ? busy_ | kInterrupted : busy_ & ~kInterrupted; }

  // Has the channel from which something came last another line? For a CPU that waits with nothing else to do: an
  // answer is seen one line transfer earlier than by the bell.
  bool HasLineFromLastPeer() const { return peers_[last_peer_.index()].in.HasLine(); }

  // Delivers what has arrived, publishes what waits, reviews wake-ups. True if anything was delivered or published.
  bool Work();

  // P1 and P2 of sleep_word.h. True: nothing is there, and the CPU may halt. False: the sleep is off, call Work.
  bool PrepareSleep();
  // P4.
  void EndSleep() { inbox_.sleep.EndSleep(); }

  struct Counters {
    uint64_t messages_sent = 0;  // Post
    uint64_t messages_received = 0;
    uint64_t lines_sent = 0;  // SendLine and Pack
    uint64_t lines_received = 0;
    uint64_t wakes_sent = 0;
  };

  // What has ever passed between this CPU and one other.
  struct Traffic {
    uint64_t lines_sent = 0;
    uint64_t lines_taken = 0;
    uint64_t messages_sent = 0;  // by slot
    uint64_t messages_taken = 0;

    bool operator==(const Traffic&) const = default;
  };
  Traffic TrafficWith(CpuId peer) const {
    const Peer& with = peers_[peer.index()];
    return {with.out.published(), with.in.taken(), with.messages_sent, with.messages_taken};
  }

  // Does something wait for a slot to become free, or for the next Work?
  bool waiting() const { return (busy_ & kWaiting) != 0; }

  // Is a handler running? What must not happen in message context asks this.
  bool working() const { return (busy_ & kWorking) != 0; }
  const Counters& counters() const { return counters_; }
  CpuId self() const { return self_; }
  size_t cpus() const { return cpus_; }

 private:
  friend Parts;  // the model checker asks what a CPU waits for

  using Atomics = typename Parts::Atomics;
  using BellWord = BasicBellWord<Atomics>;
  using Slot = ExchangeSlot<Message, Atomics>;
  using Line = ChannelLine<Atomics>;

  static constexpr size_t kMostLinesPerLook = Parts::kLines;
  // Between two looks at the bells Work drains a channel twice at most, and the sender can fill it once more.
  static_assert(3 + Parts::kLines + 2 * kMostLinesPerLook < 256, "doorbell.h, I3");

  // The private side of both directions of one pair.
  struct alignas(kCacheLineBytes) Peer {
    Peer(Link& out_link, Link& in_link, BellWord& word, SleepWord<Atomics>& sleep_word)
        : out(&out_link.channel),
          in(&in_link.channel),
          out_slot(&out_link.slot),
          in_slot(&in_link.slot),
          bell(&word),
          sleep(&sleep_word) {}

    ChannelSender<Parts::kLines, Atomics> out;
    ChannelReceiver<Parts::kLines, Atomics> in;
    Slot* out_slot;
    Slot* in_slot;
    BellWord* bell;
    SleepWord<Atomics>* sleep;
    Outbox<Message> outbox;
    ChannelHandler packing = nullptr;  // the handler of the open line, if one is being packed
    uint8_t packed = 0;                // words in it
    uint8_t rings = 0;
    uint64_t messages_sent = 0;  // Post
    uint64_t messages_taken = 0;
  };

  void Ring(Peer& peer, CpuId to);
  void Publish(Peer& peer, CpuId to, ChannelHandler handler, size_t count);
  void PublishPacked(Peer& peer, CpuId to);
  bool Take(CpuId from);
  uint64_t DeliverChain(CpuId from, Message* chain);
  bool PublishWaiting();
  void ReviewWakes();
  bool AnythingHere() const;

  static constexpr size_t kPeerWords = kMaxCpus / 64;
  void MarkWaiting(CpuId peer) {
    waiting_[peer.index() / 64] |= uint64_t{1} << (peer.index() % 64);
    busy_ |= kWaiting;
  }

  // Bits of busy_.
  static constexpr uint64_t kWaiting = 1;      // some bit of waiting_ is set, or something waits in to_self_
  static constexpr uint64_t kWorking = 2;      // Work is running
  static constexpr uint64_t kLookAtAll = 4;    // a sleep was called off: something is here that may not have rung yet
  static constexpr uint64_t kInterrupted = 8;  // SetInterrupted

  const BellWord* bells_;
  size_t bell_words_;
  uint64_t busy_ = 0;
  BellWatch<BellWord> watches_[kMaxCpus / kBellsPerWord];

  Here& here_;
  Inbox& inbox_;
  Peer* peers_;
  size_t cpus_;
  uint64_t waiting_[kPeerWords] = {};  // peers with an outbox or an open line to publish
  Outbox<Message> to_self_;
  PendingWakes pending_wakes_;
  Counters counters_;
  CpuId self_;
  CpuId last_peer_;
  bool isolated_ = false;
};

// Its functions are in exchange_work.h, which exchange.cc alone instantiates for the product.
extern template class BasicExchange<ProductParts>;

using Exchange = BasicExchange<ProductParts>;
using Inbox = BasicInbox<ProductParts>;
using Link = BasicLink<ProductParts>;

}  // namespace toro

#endif  // CORE_EXCHANGE_EXCHANGE_H_
