// Round trips: a request goes to the other CPU, the reply comes back. Goal 1.
#include <memory>

#include "bench/alternatives.h"
#include "bench/exchange_ends.h"
#include "bench/ping_pong.h"
#include "bench/queue_peers.h"
#include "bench/rows.h"
#include "bench/spin.h"
#include "core/exchange/doorbell.h"

namespace toro::bench {
namespace {

// The callee's work: the reply shows that the request was read.
constexpr uint64_t Answer(uint64_t request) { return request * 3 + 1; }

template <typename Publish>
Contender RawTwoLines(const char* name) {
  auto lines = std::make_shared<PingPong<Publish>>();
  return {name, Role::kLimit, [=](uint64_t n) { return lines->Near(n); }, [=](uint64_t n) { return lines->Far(n); }};
}

template <typename Queue>
struct QueuePair {
  Queue there;
  Queue back;
};

template <typename Queue, Polling kPolling = Polling::kHot>
Contender QueueRoundTrip(const char* name) {
  auto queues = std::make_shared<QueuePair<Queue>>();
  auto near = [=](uint64_t n) {
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      SpinUntil([&] { return queues->there.Push(i); });
      uint64_t reply = 0;
      SpinUntil<kPolling>([&] { return queues->back.Pop(reply); });
      correct &= reply == Answer(i);
    }
    return correct;
  };
  auto far = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) {
      uint64_t request = 0;
      SpinUntil<kPolling>([&] { return queues->there.Pop(request); });
      SpinUntil([&] { return queues->back.Push(Answer(request)); });
    }
    return true;
  };
  return {name, Role::kPeer, near, far};
}

struct SlotPair {
  ExchangeSlot<Message> there;
  ExchangeSlot<Message> back;
  alignas(kSharedStrideBytes) ValueMessage node;
  // With doorbells only: rung after a publish, looked at instead of the slot.
  alignas(kSharedStrideBytes) BellWord far_bell;
  alignas(kSharedStrideBytes) BellWord near_bell;
  alignas(kSharedStrideBytes) BellWatch<> far_watch;
  alignas(kSharedStrideBytes) BellWatch<> near_watch;
  uint8_t near_rings = 0;
  alignas(kSharedStrideBytes) uint8_t far_rings = 0;
};

// One node travels there and back, as a request record does.
Contender SlotRoundTrip() {
  auto pair = std::make_shared<SlotPair>();
  auto near = [=](uint64_t n) {
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      pair->node.value = i;
      SpinUntil([&] { return pair->there.Put(&pair->node); });
      SpinUntil([&] { return pair->back.Take() != nullptr; });
      correct &= pair->node.value == Answer(i);
    }
    return correct;
  };
  auto far = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) {
      Message* request = nullptr;
      SpinUntil([&] { return (request = pair->there.Take()) != nullptr; });
      auto* node = static_cast<ValueMessage*>(request);
      node->value = Answer(node->value);
      SpinUntil([&] { return pair->back.Put(node); });
    }
    return true;
  };
  return {"slot, one node", Role::kOurs, near, far};
}

Contender SlotDoorbellRoundTrip() {
  auto pair = std::make_shared<SlotPair>();
  auto near = [=](uint64_t n) {
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      pair->node.value = i;
      SpinUntil([&] { return pair->there.Put(&pair->node); });
      pair->far_bell.Ring(0, ++pair->near_rings);
      SpinUntil([&] { return pair->near_watch.Changed(pair->near_bell) != 0; });
      correct &= pair->back.Take() != nullptr && pair->node.value == Answer(i);
    }
    return correct;
  };
  auto far = [=](uint64_t n) {
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      SpinUntil([&] { return pair->far_watch.Changed(pair->far_bell) != 0; });
      auto* node = static_cast<ValueMessage*>(pair->there.Take());
      correct &= node != nullptr;
      node->value = Answer(node->value);
      SpinUntil([&] { return pair->back.Put(node); });
      pair->near_bell.Ring(0, ++pair->far_rings);
    }
    return correct;
  };
  return {"slot, one node, found by doorbell", Role::kOurs, near, far};
}

// `Words` per message: the first counts, the others travel.
template <size_t Words, Polling kPolling>
Contender ChannelRoundTrip(const char* name, Role role) {
  auto pair = std::make_shared<QueuePair<ChannelQueue<Words>>>();
  auto receive = [](ChannelQueue<Words>& queue, uint64_t& first) {
    size_t index = 0;
    auto visit = [&](uint64_t value) {
      if (index++ == 0) first = value;
    };
    return queue.Take(visit) != 0;
  };
  auto near = [=](uint64_t n) {
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      SpinUntil([&] { return pair->there.PushLine(i); });
      uint64_t reply = 0;
      SpinUntil<kPolling>([&] { return receive(pair->back, reply); });
      correct &= reply == Answer(i);
    }
    return correct;
  };
  auto far = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) {
      uint64_t request = 0;
      SpinUntil<kPolling>([&] { return receive(pair->there, request); });
      SpinUntil([&] { return pair->back.PushLine(Answer(request)); });
    }
    return true;
  };
  return {name, role, near, far};
}

enum class FoundBy { kDoorbell, kLine };

struct BellPair {
  QueuePair<ChannelQueue<kChannelWords>> channels;
  alignas(kSharedStrideBytes) BellWord far_bell;
  alignas(kSharedStrideBytes) BellWord near_bell;
  alignas(kSharedStrideBytes) BellWatch<> far_watch;
  uint8_t far_rings = 0;
  alignas(kSharedStrideBytes) BellWatch<> near_watch;
  uint8_t near_rings = 0;
};

// Both sides ring after each line. kDoorbell: the receiver looks at the bell, and then at the line, as the kernel does.
// kLine: it looks at the line of the peer that it expects to hear from, and the bell is for the others.
template <FoundBy kFoundBy>
Contender ChannelAndBell(const char* name, Role role) {
  auto pair = std::make_shared<BellPair>();
  auto receive = [](ChannelQueue<kChannelWords>& queue, BellWatch<>& watch, BellWord& bell) {
    if (kFoundBy == FoundBy::kDoorbell) {
      SpinUntil([&] { return watch.Changed(bell) != 0; });
    } else {
      SpinUntil([&] { return queue.HasLine(); });
    }
    uint64_t first = 0;
    size_t index = 0;
    bool any = queue.Take([&](uint64_t value) { first = index++ == 0 ? value : first; }) != 0;
    return any ? first : ~uint64_t{0};
  };
  auto near = [=](uint64_t n) {
    BellPair& both = *pair;
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      SpinUntil([&] { return both.channels.there.PushLine(i); });
      both.far_bell.Ring(0, ++both.near_rings);
      correct &= receive(both.channels.back, both.near_watch, both.near_bell) == Answer(i);
    }
    return correct;
  };
  auto far = [=](uint64_t n) {
    BellPair& both = *pair;
    for (uint64_t i = 0; i < n; ++i) {
      uint64_t request = receive(both.channels.there, both.far_watch, both.far_bell);
      SpinUntil([&] { return both.channels.back.PushLine(Answer(request)); });
      both.near_bell.Ring(0, ++both.far_rings);
    }
    return true;
  };
  return {name, role, near, far};
}

// All seven words are written and read on both sides.
template <Polling kPolling>
Contender CallCellRoundTrip(const char* name) {
  auto cell = std::make_shared<PaddedCallCell>();
  auto near = [=](uint64_t n) {
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      for (size_t w = 0; w < CallCell::kWords; ++w) cell->words[w] = i + w;
      cell->Request();
      if (kPolling == Polling::kWithGap) PollGap();
      SpinUntil<kPolling>([&] { return cell->Idle(); });
      for (size_t w = 0; w < CallCell::kWords; ++w) correct &= cell->words[w] == Answer(i + w);
    }
    return correct;
  };
  auto far = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) {
      SpinUntil<kPolling>([&] { return cell->Waiting(); });
      for (size_t w = 0; w < CallCell::kWords; ++w) cell->words[w] = Answer(cell->words[w]);
      cell->Reply();
      // Or this side takes the line back before the other has read it.
      if (kPolling == Polling::kWithGap) PollGap();
    }
    return true;
  };
  return {name, Role::kAlternative, near, far};
}

}  // namespace

void AddRoundTripRows(Suite& suite) {
  Group group;
  group.name = "round_trip";
  group.operation = "round trip";
  group.contenders = {
      RawTwoLines<PublishByMov>("raw two lines, MOV"),
      RawTwoLines<PublishByXchg>("raw two lines, XCHG"),
      RawTwoLines<PublishByLockCmpxchg>("raw two lines, LOCK CMPXCHG"),
      SlotRoundTrip(),
      SlotDoorbellRoundTrip(),
      ChannelRoundTrip<1, Polling::kHot>("channel, 1 word", Role::kOurs),
      ChannelRoundTrip<7, Polling::kHot>("channel, 7 words", Role::kOurs),
      ChannelRoundTrip<7, Polling::kWithGap>("channel, 7 words, polled with a gap", Role::kOurs),
      ChannelAndBell<FoundBy::kDoorbell>("channel, 7 words, found by doorbell", Role::kOurs),
      ChannelAndBell<FoundBy::kLine>("channel, 7 words, bell rung, line polled", Role::kAlternative),
      CallCellRoundTrip<Polling::kHot>("call cell, 7 words, polled hot"),
      CallCellRoundTrip<Polling::kWithGap>("call cell, 7 words, polled with a gap"),
      QueueRoundTrip<BoostQueue>("boost spsc_queue"),
      QueueRoundTrip<BoostQueue, Polling::kWithGap>("boost spsc_queue, polled with a gap"),
      QueueRoundTrip<MoodycamelQueue>("moodycamel ReaderWriterQueue"),
      QueueRoundTrip<DpdkRing>("DPDK rte_ring"),
  };
  group.goals = {
      {"goal 1", "channel, 7 words", "raw two lines, MOV", 1 / 0.75},
      {"goal 1", "channel, 7 words", "", 1.5},
      {"goal 1", "slot, one node", "", 1.5},
      {"goal 1", "call cell, 7 words, polled with a gap", "raw two lines, MOV", 1 / 0.75},
      {"goal 1", "call cell, 7 words, polled with a gap", "", 1.5},
  };
  suite.Add(std::move(group));
}

}  // namespace toro::bench
