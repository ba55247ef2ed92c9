// Small allocation and foreign free. Goals 6, 7, 8.
#include <cstdlib>
#include <memory>
#include <vector>

#include "bench/alternatives.h"
#include "bench/cluster_pair.h"
#include "bench/rows.h"
#include "bench/spin.h"
#include "core/kernel/allocation.h"

namespace toro::bench {
namespace {

struct Malloc {
  static void* Allocate(size_t bytes) { return std::malloc(bytes); }
  static void Free(void* object) { std::free(object); }
};

// What operator new and delete of an application call.
struct Toro {
  static void* Allocate(size_t bytes) { return AllocateBytes(bytes); }
  static void Free(void* object) { FreeBytes(object); }
};

constexpr size_t kPairBytes = 64;

template <typename Allocator>
bool Pairs(uint64_t n) {
  for (uint64_t i = 0; i < n; ++i) {
    void* object = Allocator::Allocate(kPairBytes);
    if (object == nullptr) return false;
    *static_cast<volatile uint64_t*>(object) = i;
    Allocator::Free(object);
  }
  return true;
}

// 1,000 objects, then all of them back in the order in which they came.
template <typename Allocator>
bool Batches(uint64_t n) {
  constexpr size_t kBatch = 1000;
  static uint64_t* objects[kBatch];
  bool correct = true;
  for (uint64_t done = 0; done < n; done += kBatch) {
    size_t count = n - done < kBatch ? n - done : kBatch;
    for (size_t i = 0; i < count; ++i) {
      objects[i] = static_cast<uint64_t*>(Allocator::Allocate(kPairBytes));
      *objects[i] = i;
    }
    for (size_t i = 0; i < count; ++i) {
      correct &= *objects[i] == i;
      Allocator::Free(objects[i]);
    }
  }
  return correct;
}

// 10,000 objects of 16..2048 bytes live; each operation replaces one of them, chosen at random, by one of another size.
template <typename Allocator>
class Churn {
 public:
  bool operator()(uint64_t n) {
    if (live_.empty()) live_.resize(kLive);
    bool correct = true;
    for (uint64_t i = 0; i < n; ++i) {
      random_ ^= random_ << 13;
      random_ ^= random_ >> 7;
      random_ ^= random_ << 17;
      uint64_t*& place = live_[random_ % kLive];
      if (place != nullptr) {
        correct &= *place == reinterpret_cast<uint64_t>(&place);
        Allocator::Free(place);
      }
      // As many below 128 bytes as between 128 and 1024: small ones are the rule.
      size_t doubling = (random_ >> 32) % 7;
      size_t bytes = (size_t{16} << doubling) + ((random_ >> 40) & ((size_t{16} << doubling) - 1)) + 1;
      place = static_cast<uint64_t*>(Allocator::Allocate(bytes));
      *place = reinterpret_cast<uint64_t>(&place);
    }
    return correct;
  }

 private:
  static constexpr size_t kLive = 10'000;
  std::vector<uint64_t*> live_;
  uint64_t random_ = 0x9e3779b97f4a7c15;
};

// The near CPU allocates, the far CPU frees. The pointers travel in the same ring of words for all allocators.
using PointerRing = NilRing<1024>;
constexpr uint64_t kItemsPerStep = 32;

template <typename Allocator, typename Wait>
bool Produce(PointerRing& ring, uint64_t n, Wait wait) {
  for (uint64_t i = 0; i < n; ++i) {
    uint64_t* object = static_cast<uint64_t*>(Allocator::Allocate(kPairBytes));
    if (object == nullptr) return false;
    *object = i;
    while (!ring.Push(reinterpret_cast<uint64_t>(object))) wait();
    if (i % kItemsPerStep == kItemsPerStep - 1) wait();
  }
  return true;
}

template <typename Allocator, typename Wait>
bool Consume(PointerRing& ring, uint64_t n, Wait wait) {
  bool correct = true;
  for (uint64_t i = 0; i < n; ++i) {
    uint64_t* object = nullptr;
    while (ring.Take([&](uint64_t word) { object = reinterpret_cast<uint64_t*>(word); }) == 0) wait();
    correct &= *object == i;
    Allocator::Free(object);
    if (i % kItemsPerStep == kItemsPerStep - 1) wait();
  }
  return correct;
}

Contender ToroForeignFree() {
  auto ring = std::make_shared<PointerRing>();
  ClusterPair& cluster = ClusterPair::Get();
  auto near = [=](uint64_t n) { return Produce<Toro>(*ring, n, [] { Yield(); }); };
  auto far = [=, &cluster](uint64_t n) {
    cluster.EnterFar();
    bool correct = Consume<Toro>(*ring, n, [] { Cpu::Current().Step(); });
    while (Cpu::Current().Step()) {
    }
    return correct;
  };
  return {"Toro", Role::kOurs, cluster.InThread(near), far};
}

Contender MallocForeignFree(const char* name, Worker* worker) {
  auto ring = std::make_shared<PointerRing>();
  auto nothing = [] {};
  auto near = [=](uint64_t n) { return Produce<Malloc>(*ring, n, nothing); };
  auto far = [=](uint64_t n) { return Consume<Malloc>(*ring, n, nothing); };
  Contender contender{name, Role::kPeer, near, far};
  contender.worker = worker;
  contender.sleeps = true;  // jemalloc and tcmalloc take locks that Linux lets wait
  return contender;
}

Group OneCpuGroup(const char* name, const char* operation, const Job& toro, const Job& peer,
                  const MallocWorkers& workers) {
  Group group;
  group.name = name;
  group.operation = operation;
  group.contenders.push_back({"Toro", Role::kOurs, ClusterPair::Get().InThread(toro), {}});
  for (const MallocWorkers::Peer& each : workers.peers) {
    Contender contender{each.name, Role::kPeer, peer, {}};
    contender.worker = each.worker;
    group.contenders.push_back(contender);
  }
  return group;
}

}  // namespace

void AddAllocationRows(Suite& suite, const MallocWorkers& workers) {
  Group pair = OneCpuGroup("alloc_pair", "64 bytes allocated and freed", &Pairs<Toro>, &Pairs<Malloc>, workers);
  pair.goals = {{"goal 6", "Toro", "", 1.5}};
  suite.Add(std::move(pair));

  Group batch =
      OneCpuGroup("alloc_batch", "64 bytes, 1,000 allocated and then freed", &Batches<Toro>, &Batches<Malloc>, workers);
  batch.goals = {{"batch", "Toro", "", 1}};
  suite.Add(std::move(batch));

  Group churn = OneCpuGroup("alloc_churn", "object of 16..2048 bytes replaced, 10,000 live", Churn<Toro>(),
                            Churn<Malloc>(), workers);
  churn.goals = {{"goal 7", "Toro", "", 2}};
  suite.Add(std::move(churn));

  Group foreign;
  foreign.name = "foreign_free";
  foreign.operation = "64 bytes allocated on one CPU and freed on the other";
  foreign.contenders.push_back(ToroForeignFree());
  for (const MallocWorkers::Peer& each : workers.peers) {
    foreign.contenders.push_back(MallocForeignFree(each.name, each.worker));
  }
  foreign.goals = {{"goal 8", "Toro", "", 2}};
  suite.Add(std::move(foreign));
}

}  // namespace toro::bench
