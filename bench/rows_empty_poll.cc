// What a CPU pays to find out that none of its N peers has sent anything.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/queue_peers.h"
#include "bench/rows.h"
#include "core/exchange/doorbell.h"
#include "core/exchange/exchange_slot.h"
#include "core/exchange/message.h"

namespace toro::bench {
namespace {

// `poll` looks at all peers once and returns how many had something.
template <typename Poll>
Job PollJob(Poll poll) {
  return [poll](uint64_t n) {
    uint64_t found = 0;
    for (uint64_t i = 0; i < n; ++i) {
      found += poll();
      benchmark::ClobberMemory();
    }
    return found == 0;
  };
}

struct Bells {
  static constexpr size_t kWords = kCacheLineBytes / kBellsPerWord;
  alignas(kSharedStrideBytes) BellWord words[kWords];
  alignas(kSharedStrideBytes) BellWatch<> watches[kWords];
};

Contender Doorbell(size_t peers) {
  auto bells = std::make_shared<Bells>();
  size_t words = (peers + kBellsPerWord - 1) / kBellsPerWord;
  auto poll = [bells, words]() -> uint64_t {
    Bells& here = *bells;
    uint64_t changed = 0;
    for (size_t w = 0; w < words; ++w) changed |= here.watches[w].Changed(here.words[w]);
    return changed != 0;
  };
  return {"doorbell", Role::kOurs, PollJob(poll), {}};
}

// Notes nothing as seen while nothing has changed: no store in an empty look, and one branch for all words.
Contender DoorbellLookFirst(size_t peers) {
  auto bells = std::make_shared<Bells>();
  size_t words = (peers + kBellsPerWord - 1) / kBellsPerWord;
  auto poll = [bells, words]() -> uint64_t {
    Bells& here = *bells;
    bool pending = false;
    for (size_t w = 0; w < words; ++w) pending |= here.watches[w].Pending(here.words[w]);
    if (!pending) return 0;
    uint64_t changed = 0;
    for (size_t w = 0; w < words; ++w) changed |= here.watches[w].Changed(here.words[w]);
    return changed != 0;
  };
  return {"doorbell, looked at before it is noted", Role::kOurs, PollJob(poll), {}};
}

Contender Slots(size_t peers) {
  auto slots = std::make_shared<std::vector<ExchangeSlot<Message>>>(peers);
  auto poll = [slots]() -> uint64_t {
    uint64_t found = 0;
    for (ExchangeSlot<Message>& slot : *slots) found += slot.Take() != nullptr;
    return found;
  };
  return {"every slot", Role::kAlternative, PollJob(poll), {}};
}

template <typename Queue>
Contender Queues(const char* name, size_t peers) {
  auto queues = std::make_shared<std::vector<Queue>>(peers);
  auto poll = [queues]() -> uint64_t {
    uint64_t found = 0;
    for (Queue& queue : *queues) {
      uint64_t value;
      found += queue.Pop(value);
    }
    return found;
  };
  return {name, Role::kPeer, PollJob(poll), {}};
}

}  // namespace

void AddEmptyPollRows(Suite& suite) {
  for (size_t peers : {2, 8, 16, 64}) {
    Group group;
    group.name = "empty_poll_" + std::to_string(peers);
    group.operation = "look at " + std::to_string(peers) + " peers that sent nothing";
    group.contenders = {
        Doorbell(peers),
        DoorbellLookFirst(peers),
        Slots(peers),
        Queues<BoostQueue>("boost spsc_queue each", peers),
        Queues<MoodycamelQueue>("moodycamel ReaderWriterQueue each", peers),
        Queues<DpdkRing>("DPDK rte_ring each", peers),
    };
    // One look against N: all N peers at the price of less than two queues' looks.
    group.goals = {{"poll", "doorbell", "", static_cast<double>(peers) / 2},
                   {"poll", "doorbell, looked at before it is noted", "", static_cast<double>(peers) / 2}};
    suite.Add(std::move(group));
  }
}

}  // namespace toro::bench
