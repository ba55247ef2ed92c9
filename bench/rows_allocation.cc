// Allocation on one CPU. Goals 6, 7. What crosses CPUs is in rows_foreign_free.cc.
#include <algorithm>
#include <vector>

#include "bench/allocators.h"
#include "bench/cluster_pair.h"
#include "bench/rows.h"
#include "core/base/mix.h"
#include "core/kernel/allocation.h"
#include "core/memory/partition.h"

namespace toro::bench {
namespace {

// What a call costs that the compiler does not take apart.
struct Called {
  [[gnu::noinline]] static void* Allocate(size_t bytes) { return AllocateBytes(bytes); }
  [[gnu::noinline]] static void Free(void* object) { FreeBytes(object); }
};

// What sized delete calls for an object whose size the compiler knows.
struct SizedPair {
  static void* Allocate(size_t) { return AllocateBytes(kPairBytes); }
  static void Free(void* object) { FreeBytes(object, kPairBytes); }
};

// A partition by itself, with hardening and without: their difference is what hardening costs.
template <Hardening hardening>
struct Alone {
  static PartitionWith<hardening>& partition() {
    static PartitionWith<hardening> partition(kNearCpu, ReserveRanges(ClusterPair::kBytesPerCpu), 1);
    return partition;
  }
  static void* Allocate(size_t bytes) { return instance->Allocate(bytes); }
  static void Free(void* object) {
    if (!instance->FreeIfSmall(object)) instance->Free(object);
  }
  static inline PartitionWith<hardening>* instance = nullptr;
};

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

// `live` runs; each operation replaces one by one of least..most bytes and writes to both ends of it. Every other one
// is a quarter as long, but not below the least.
template <typename Allocator, size_t kLeast, size_t kMost, size_t kLive>
class Runs {
 public:
  bool operator()(uint64_t n) {
    if (live_.empty()) live_.resize(kLive);
    for (uint64_t i = 0; i < n; ++i) {
      random_ = Mix(random_);
      char*& place = live_[random_ % kLive];
      Allocator::Free(place);
      size_t bytes = kLeast + (random_ >> 32) % (kMost - kLeast);
      if (random_ >> 63 != 0) bytes = std::max(bytes / 4, kLeast);
      place = static_cast<char*>(Allocator::Allocate(bytes));
      if (place == nullptr) return false;
      place[0] = place[bytes - 1] = 1;
    }
    return true;
  }

 private:
  std::vector<char*> live_;
  uint64_t random_ = 1;
};
template <typename Allocator>
using LargeRuns = Runs<Allocator, 40 * kKiB, kMiB, 100>;
// All of them long enough for guard pages.
template <typename Allocator>
using GuardedRuns = Runs<Allocator, Partition::kGuardedBytes, 4 * Partition::kGuardedBytes, 10>;
// The same one again and again.
template <typename Allocator>
using GuardedPair = Runs<Allocator, Partition::kGuardedBytes, Partition::kGuardedBytes + 1, 1>;

// A partition of so many bytes is made, and gives one object.
template <size_t kBytes>
bool Starts(uint64_t n) {
  static const PartitionRanges ranges = ReserveRanges(kBytes);
  alignas(Partition) static unsigned char storage[sizeof(Partition)];
  for (uint64_t i = 0; i < n; ++i) {
    auto* partition = new (storage) Partition(kNearCpu, ranges, i);
    if (partition->Allocate(64) == nullptr) return false;
  }
  return true;
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

template <template <typename> typename Work>
void AddAlone(Group& group) {
  group.contenders.push_back({"a partition by itself", Role::kAlternative, Work<Alone<Hardening::kOn>>(), {}});
  group.contenders.push_back({"... without hardening", Role::kAlternative, Work<Alone<Hardening::kOff>>(), {}});
}

// Functions as classes, so that all work has one form.
template <typename Allocator>
struct Pair {
  bool operator()(uint64_t n) const { return Pairs<Allocator>(n); }
};
template <typename Allocator>
struct Batch {
  bool operator()(uint64_t n) const { return Batches<Allocator>(n); }
};

}  // namespace

void AddAllocationRows(Suite& suite, const MallocWorkers& workers) {
  Alone<Hardening::kOn>::instance = &Alone<Hardening::kOn>::partition();
  Alone<Hardening::kOff>::instance = &Alone<Hardening::kOff>::partition();
  Group pair = OneCpuGroup("alloc_pair", "64 bytes allocated and freed", &Pairs<Toro>, &Pairs<Malloc>, workers);
  pair.contenders.push_back({"Toro, called", Role::kOurs, ClusterPair::Get().InThread(&Pairs<Called>), {}});
  pair.contenders.push_back({"Toro, size known", Role::kOurs, ClusterPair::Get().InThread(&Pairs<SizedPair>), {}});
  AddAlone<Pair>(pair);
  pair.goals = {{"goal 6, inlined", "Toro", "", 3}, {"goal 6, called", "Toro, called", "", 1.5}};
  suite.Add(std::move(pair));

  Group batch =
      OneCpuGroup("alloc_batch", "64 bytes, 1,000 allocated and then freed", &Batches<Toro>, &Batches<Malloc>, workers);
  AddAlone<Batch>(batch);
  batch.goals = {{"batch", "Toro", "", 1}};
  suite.Add(std::move(batch));

  Group churn = OneCpuGroup("alloc_churn", "object of 16..2048 bytes replaced, 10,000 live", Churn<Toro>(),
                            Churn<Malloc>(), workers);
  AddAlone<Churn>(churn);
  churn.goals = {{"goal 7", "Toro", "", 2}};
  suite.Add(std::move(churn));

  Group large = OneCpuGroup("alloc_large", "run of 40 KiB..1 MiB replaced, 100 live", LargeRuns<Toro>(),
                            LargeRuns<Malloc>(), workers);
  AddAlone<LargeRuns>(large);
  large.goals = {{"large runs", "Toro", "", 1}};
  suite.Add(std::move(large));

  Group guarded = OneCpuGroup("alloc_guarded", "run of 1..4 MiB replaced, 10 live", GuardedRuns<Toro>(),
                              GuardedRuns<Malloc>(), workers);
  AddAlone<GuardedRuns>(guarded);
  suite.Add(std::move(guarded));

  Group guarded_pair = OneCpuGroup("alloc_guarded_pair", "run of 1 MiB allocated and freed", GuardedPair<Toro>(),
                                   GuardedPair<Malloc>(), workers);
  AddAlone<GuardedPair>(guarded_pair);
  guarded_pair.goals = {{"large pair", "Toro", "", 1}};
  suite.Add(std::move(guarded_pair));

  Group start;
  start.name = "alloc_start";
  start.operation = "partition made, and one object allocated";
  start.contenders.push_back({"64 GiB", Role::kOurs, &Starts<64 * kGiB>, {}});
  start.contenders.push_back({"16 MiB", Role::kLimit, &Starts<16 * kMiB>, {}});
  start.goals = {{"O(1) start", "64 GiB", "16 MiB", 0.9}};
  suite.Add(std::move(start));
}

}  // namespace toro::bench
