// Objects that one CPU allocates and the other frees. Goal 8.
#include <memory>
#include <string>
#include <vector>

#include "bench/allocators.h"
#include "bench/alternatives.h"
#include "bench/cluster_pair.h"
#include "bench/rows.h"
#include "bench/spin.h"

namespace toro::bench {
namespace {

// The pointers travel in the same ring of words for all allocators.
using PointerRing = NilRing<1024>;
constexpr uint64_t kItemsPerStep = 32;

// The near CPU allocates, the far CPU frees. `burst` objects are allocated, and freed, one right after the other.
template <typename Allocator, typename Wait>
bool Produce(PointerRing& ring, size_t bytes, uint64_t burst, uint64_t n, Wait wait) {
  std::vector<uint64_t*> objects(burst);
  for (uint64_t done = 0; done < n; done += burst) {
    uint64_t count = n - done < burst ? n - done : burst;
    for (uint64_t i = 0; i < count; ++i) {
      objects[i] = static_cast<uint64_t*>(Allocator::Allocate(bytes));
      if (objects[i] == nullptr) return false;
      *objects[i] = done + i;
    }
    for (uint64_t i = 0; i < count; ++i) {
      while (!ring.Push(reinterpret_cast<uint64_t>(objects[i]))) wait();
    }
    if (done / kItemsPerStep != (done + burst) / kItemsPerStep) wait();
  }
  return true;
}

template <typename Allocator, typename Wait>
bool Consume(PointerRing& ring, uint64_t burst, uint64_t n, Wait wait) {
  std::vector<uint64_t*> objects(burst);
  bool correct = true;
  for (uint64_t done = 0; done < n; done += burst) {
    uint64_t count = n - done < burst ? n - done : burst;
    for (uint64_t i = 0; i < count; ++i) {
      while (ring.Take([&](uint64_t word) { objects[i] = reinterpret_cast<uint64_t*>(word); }) == 0) wait();
    }
    for (uint64_t i = 0; i < count; ++i) {
      correct &= *objects[i] == done + i;
      Allocator::Free(objects[i]);
    }
    if (done / kItemsPerStep != (done + burst) / kItemsPerStep) wait();
  }
  return correct;
}

// Both CPUs hold 1,000 objects of 16..1024 bytes; each operation replaces one and hands the old one over to the other
// CPU, which frees it.
template <typename Allocator>
class HandOver {
 public:
  template <typename Wait>
  bool operator()(PointerRing& out, PointerRing& in, uint64_t n, Wait wait) {
    if (live_.empty()) live_.resize(kLive);
    uint64_t received = 0;
    auto receive = [&] { received += in.Take([](uint64_t word) { Allocator::Free(reinterpret_cast<void*>(word)); }); };
    for (uint64_t i = 0; i < n; ++i) {
      random_ ^= random_ << 13;
      random_ ^= random_ >> 7;
      random_ ^= random_ << 17;
      uint64_t*& place = live_[random_ % kLive];
      uint64_t* old = place;
      place = static_cast<uint64_t*>(Allocator::Allocate(16 + (random_ >> 40) % 1009));
      if (place == nullptr) return false;
      *place = i;
      if (old == nullptr) old = static_cast<uint64_t*>(Allocator::Allocate(16));
      while (!out.Push(reinterpret_cast<uint64_t>(old))) receive(), wait();
      receive();
      if (i % kItemsPerStep == kItemsPerStep - 1) wait();
    }
    while (received < n) receive(), wait();
    return true;
  }

 private:
  static constexpr size_t kLive = 1000;
  std::vector<uint64_t*> live_;
  uint64_t random_ = 0x9e3779b97f4a7c15;
};

// Each job runs twice: near(n, wait) and far(n, wait).
template <typename Near, typename Far>
Contender OnCluster(Near near, Far far) {
  ClusterPair& cluster = ClusterPair::Get();
  auto near_job = [=](uint64_t n) { return near(n, [] { Yield(); }); };
  auto far_job = [=, &cluster](uint64_t n) {
    cluster.EnterFar();
    bool correct = far(n, [] { Cpu::Current().Step(); });
    while (Cpu::Current().Step()) {
    }
    return correct;
  };
  return {"Toro", Role::kOurs, cluster.InThread(near_job), far_job};
}

template <typename Near, typename Far>
Contender OnPthreads(const MallocWorkers::Peer& peer, Near near, Far far) {
  auto nothing = [] {};
  Contender contender{peer.name, Role::kPeer, [=](uint64_t n) { return near(n, nothing); },
                      [=](uint64_t n) { return far(n, nothing); }};
  contender.worker = peer.worker;
  contender.sleeps = true;  // jemalloc and tcmalloc take locks that Linux lets wait
  return contender;
}

Group ForeignFree(const char* name, size_t bytes, uint64_t burst, double factor, const MallocWorkers& workers) {
  Group group;
  group.name = name;
  group.operation = std::to_string(bytes) + " bytes allocated on one CPU and freed on the other";
  if (burst > 1) group.operation += ", " + std::to_string(burst) + " at a time";
  auto ring = std::make_shared<PointerRing>();
  group.contenders.push_back(
      OnCluster([=](uint64_t n, auto wait) { return Produce<Toro>(*ring, bytes, burst, n, wait); },
                [=](uint64_t n, auto wait) { return Consume<Toro>(*ring, burst, n, wait); }));
  for (const MallocWorkers::Peer& peer : workers.peers) {
    auto words = std::make_shared<PointerRing>();
    group.contenders.push_back(OnPthreads(
        peer, [=](uint64_t n, auto wait) { return Produce<Malloc>(*words, bytes, burst, n, wait); },
        [=](uint64_t n, auto wait) { return Consume<Malloc>(*words, burst, n, wait); }));
  }
  group.goals = {{"goal 8", "Toro", "", factor}};
  return group;
}

template <typename Allocator, typename Make>
Contender HandOverBy(Make make) {
  struct Ends {
    PointerRing to_far;
    PointerRing to_near;
    HandOver<Allocator> near;
    HandOver<Allocator> far;
  };
  auto ends = std::make_shared<Ends>();
  return make([=](uint64_t n, auto wait) { return ends->near(ends->to_far, ends->to_near, n, wait); },
              [=](uint64_t n, auto wait) { return ends->far(ends->to_near, ends->to_far, n, wait); });
}

}  // namespace

void AddForeignFreeRows(Suite& suite, const MallocWorkers& workers) {
  suite.Add(ForeignFree("foreign_free", kPairBytes, 1, 2, workers));
  suite.Add(ForeignFree("foreign_free_1k", 1024, 1, 4, workers));
  suite.Add(ForeignFree("foreign_free_batch", kPairBytes, 100, 1.5, workers));

  Group hand_over;
  hand_over.name = "foreign_hand_over";
  hand_over.operation = "object of 16..1024 bytes replaced on each CPU and freed by the other";
  hand_over.contenders.push_back(HandOverBy<Toro>([](auto near, auto far) { return OnCluster(near, far); }));
  for (const MallocWorkers::Peer& peer : workers.peers) {
    hand_over.contenders.push_back(
        HandOverBy<Malloc>([&](auto near, auto far) { return OnPthreads(peer, near, far); }));
  }
  hand_over.goals = {{"larson-like", "Toro", "", 1}};
  suite.Add(std::move(hand_over));
}

}  // namespace toro::bench
