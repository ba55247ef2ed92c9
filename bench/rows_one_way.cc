// One-way throughput: the near CPU sends items that count up, the far CPU checks that all arrive in order. Goals 2 and
// 3.
#include <memory>

#include "bench/alternatives.h"
#include "bench/exchange_ends.h"
#include "bench/queue_peers.h"
#include "bench/rows.h"
#include "bench/spin.h"

namespace toro::bench {
namespace {

// Takes `n` items that count up from 0 out of `take(visit)`, which passes at least one to `visit` or returns 0.
template <Polling kPolling, typename Take>
bool ReceiveInOrder(uint64_t n, Take take) {
  uint64_t expected = 0;
  bool correct = true;
  auto visit = [&](uint64_t value) { correct &= value == expected++; };
  while (expected < n) SpinUntil<kPolling>([&] { return take(visit) != 0; });
  return correct && expected == n;
}

template <typename Queue, Polling kPolling = Polling::kHot>
Contender ByItem(const char* name) {
  auto queue = std::make_shared<Queue>();
  auto near = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) SpinUntil<kPolling>([&] { return queue->Push(i); });
    return true;
  };
  auto far = [=](uint64_t n) {
    return ReceiveInOrder<kPolling>(n, [&](auto visit) -> size_t {
      uint64_t value;
      if (!queue->Pop(value)) return 0;
      visit(value);
      return 1;
    });
  };
  return {name, Role::kPeer, near, far};
}

template <typename Queue, Polling kPolling = Polling::kHot>
Contender ByBulk(const char* name) {
  auto queue = std::make_shared<Queue>();
  auto near = [=](uint64_t n) {
    uint64_t values[kBulkItems];
    for (uint64_t sent = 0; sent < n;) {
      size_t count = n - sent < kBulkItems ? n - sent : kBulkItems;
      for (size_t i = 0; i < count; ++i) values[i] = sent + i;
      for (size_t pushed = 0; pushed < count;) {
        SpinUntil([&] {
          size_t more = queue->PushSome(values + pushed, count - pushed);
          pushed += more;
          return more != 0;
        });
      }
      sent += count;
    }
    return true;
  };
  auto far = [=](uint64_t n) {
    return ReceiveInOrder<kPolling>(n, [&](auto& visit) {
      uint64_t values[kBulkItems];
      size_t count = queue->PopSome(values, kBulkItems);
      for (size_t i = 0; i < count; ++i) visit(values[i]);
      return count;
    });
  };
  return {name, Role::kPeer, near, far};
}

template <typename Ring, Polling kPolling = Polling::kHot>
Contender Alternative(const char* name) {
  auto ring = std::make_shared<Ring>();
  auto near = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) SpinUntil<kPolling>([&] { return ring->Push(i); });
    return true;
  };
  auto far = [=](uint64_t n) { return ReceiveInOrder<kPolling>(n, [&](auto& visit) { return ring->Take(visit); }); };
  return {name, Role::kAlternative, near, far};
}

// Publishes what the slot has room for after every `PerPublish` items.
template <uint64_t PerPublish, Polling kPolling = Polling::kHot>
Contender Slot(const char* name) {
  auto queue = std::make_shared<SlotQueue>();
  auto near = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) {
      SpinUntil<kPolling>([&] { return queue->Push(i, i % PerPublish == PerPublish - 1); });
    }
    SpinUntil([&] { return queue->Flush(); });
    return true;
  };
  auto far = [=](uint64_t n) { return ReceiveInOrder<kPolling>(n, [&](auto& visit) { return queue->Take(visit); }); };
  return {name, Role::kOurs, near, far};
}

template <Polling kPolling = Polling::kHot>
Contender ChannelByItem(const char* name) {
  auto queue = std::make_shared<ChannelQueue<1>>();
  auto near = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) SpinUntil<kPolling>([&] { return queue->PushLine(i); });
    return true;
  };
  auto far = [=](uint64_t n) { return ReceiveInOrder<kPolling>(n, [&](auto& visit) { return queue->Take(visit); }); };
  return {name, Role::kOurs, near, far};
}

// Whole lines: a number that is no multiple of seven is rounded up.
template <size_t Lines, size_t LinesAhead = 0, Polling kPolling = Polling::kHot>
Contender ChannelByLine(const char* name, Role role) {
  auto queue = std::make_shared<ChannelQueue<kChannelWords, Lines, LinesAhead>>();
  auto lines = [](uint64_t n) { return (n + kChannelWords - 1) / kChannelWords; };
  auto near = [=](uint64_t n) {
    for (uint64_t i = 0; i < lines(n); ++i) SpinUntil<kPolling>([&] { return queue->PushLine(i * kChannelWords); });
    return true;
  };
  auto far = [=](uint64_t n) {
    return ReceiveInOrder<kPolling>(lines(n) * kChannelWords, [&](auto& visit) { return queue->Take(visit); });
  };
  return {name, role, near, far};
}

void AddItemRows(Suite& suite) {
  Group group;
  group.name = "one_way_item";
  group.operation = "item, each visible to the receiver at once";
  group.contenders = {
      Slot<1>("slot, published per item"),
      ChannelByItem<>("channel, a line per item"),
      Alternative<NilRing<kQueueItems>>("ring of words, zero is empty"),
      Alternative<ParityRing<kQueueItems>>("ring of words, parity of the lap"),
      Alternative<GrowingLine<kChannelLines>>("channel whose line grows item by item"),
      Alternative<GrowingLine<kChannelLines>, Polling::kWithGap>("... polled with a gap"),
      ByItem<BoostQueue>("boost spsc_queue"),
      ByItem<BoostQueue, Polling::kWithGap>("boost spsc_queue, polled with a gap"),
      ByItem<MoodycamelQueue>("moodycamel ReaderWriterQueue"),
      ByItem<DpdkRing>("DPDK rte_ring"),
  };
  group.goals = {
      {"goal 2", "slot, published per item", "", 3},
      {"goal 2", "channel, a line per item", "", 3},
      {"goal 2", "ring of words, parity of the lap", "", 3},
      {"goal 2", "channel whose line grows item by item", "", 3},
  };
  suite.Add(std::move(group));
}

void AddBatchRows(Suite& suite) {
  Group group;
  group.name = "one_way_batch";
  group.operation = "item, handed over in batches";
  group.contenders = {
      Slot<32>("slot, chains of 32 and more"),
      ChannelByLine<kChannelLines>("channel, 7 per line", Role::kOurs),
      ChannelByLine<kChannelLines, 0, Polling::kWithGap>("channel, 7 per line, polled with a gap", Role::kOurs),
      ChannelByLine<kChannelLines, 4>("channel, 7 per line, 4 lines prefetched", Role::kAlternative),
      ChannelByLine<512>("channel of 512 lines, 7 per line", Role::kAlternative),
      ChannelByLine<512, 4>("channel of 512 lines, 4 lines prefetched", Role::kAlternative),
      ByBulk<BoostQueue>("boost spsc_queue, 32"),
      ByBulk<DpdkRing>("DPDK rte_ring, 32"),
      ByBulk<DpdkRing, Polling::kWithGap>("DPDK rte_ring, 32, polled with a gap"),
  };
  group.goals = {
      {"goal 3", "channel, 7 per line", "DPDK rte_ring, 32", 4},
      {"goal 3", "channel, 7 per line, 4 lines prefetched", "DPDK rte_ring, 32", 4},
      {"goal 3", "channel of 512 lines, 4 lines prefetched", "DPDK rte_ring, 32", 4},
  };
  suite.Add(std::move(group));
}

}  // namespace

void AddOneWayRows(Suite& suite) {
  AddItemRows(suite);
  AddBatchRows(suite);
}

}  // namespace toro::bench
