// The exchange of the kernel, behind the shape of the queue peers: Push one item, Take what is there.
#ifndef BENCH_EXCHANGE_ENDS_H_
#define BENCH_EXCHANGE_ENDS_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/exchange/channel.h"
#include "core/exchange/exchange.h"
#include "core/exchange/exchange_slot.h"
#include "core/exchange/message.h"
#include "core/exchange/outbox.h"

namespace toro::bench {

// A message with a value, as large as a small request.
struct ValueMessage : Message {
  uint64_t value = 0;
};

// Items by exchange slot: nodes go out in chains and come home in chains by the slot of the other direction, as nodes
// that somebody owns have to. The price of the way home is part of the figure.
class SlotQueue {
 public:
  static constexpr size_t kNodes = 1024;

  SlotQueue() {
    for (ValueMessage& node : nodes_) {
      node.next = free_;
      free_ = &node;
    }
  }

  // `publish`: hand over now what the slot has room for; else leave it to a later Push or Flush.
  bool Push(uint64_t value, bool publish) {
    if (free_ == nullptr) {
      outbox_.Publish(there_);
      free_ = home_.Take();
      if (free_ == nullptr) return false;
    }
    ValueMessage* node = static_cast<ValueMessage*>(free_);
    free_ = node->next;
    node->value = value;
    outbox_.Append(*node);
    if (publish) outbox_.Publish(there_);
    return true;
  }

  // True when everything has been handed over.
  bool Flush() {
    outbox_.Publish(there_);
    return outbox_.empty();
  }

  template <typename Visit>
  size_t Take(Visit visit) {
    Message* chain = there_.Take();
    size_t count = 0;
    for (Message* next; chain != nullptr; chain = next) {
      next = chain->next;
      visit(static_cast<ValueMessage*>(chain)->value);
      going_home_.Append(*chain);
      ++count;
    }
    going_home_.Publish(home_);
    return count;
  }

 private:
  ExchangeSlot<Message> there_;
  ExchangeSlot<Message> home_;
  alignas(kSharedStrideBytes) Message* free_ = nullptr;  // sender
  Outbox<Message> outbox_;
  alignas(kSharedStrideBytes) Outbox<Message> going_home_;  // receiver
  alignas(kSharedStrideBytes) ValueMessage nodes_[kNodes];
};

// Items by channel, `Words` per line. `LinesAhead`: how far ahead of the line that it takes the receiver prefetches.
template <size_t Words, size_t Lines = kChannelLines, size_t LinesAhead = 0>
class ChannelQueue {
 public:
  // Items count up from `first`, Words of them.
  bool PushLine(uint64_t first) {
    auto* line = sender_.Open();
    if (line == nullptr) return false;
    for (size_t i = 0; i < Words; ++i) line->words[i].Set(first + i);
    sender_.Publish(nullptr, Words);
    return true;
  }

  bool HasLine() const { return receiver_.HasLine(); }

  template <typename Visit>
  size_t Take(Visit visit) {
    size_t taken = 0;
    receiver_.TakeLine([&](ChannelHandler, const ChannelLine<>& line, size_t count) {
      if (LinesAhead > 0) __builtin_prefetch(&ring_.lines[(&line - ring_.lines + LinesAhead) % Lines]);
      for (size_t i = 0; i < count; ++i) visit(line.words[i].Get());
      taken = count;
    });
    return taken;
  }

 private:
  ChannelRing<Lines> ring_;
  alignas(kSharedStrideBytes) ChannelSender<Lines> sender_{&ring_};
  alignas(kSharedStrideBytes) ChannelReceiver<Lines> receiver_{&ring_};
};

}  // namespace toro::bench

#endif  // BENCH_EXCHANGE_ENDS_H_
