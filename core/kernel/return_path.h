// ReturnPath: takes objects home that were freed on another CPU than the one that allocated them.
//
// WHY. Only the owner touches its partition. The freeing CPU packs seven pointers into a line of the channel to the
// owner and touches neither the object, whose lines are likely in the owner's cache or nobody's, nor anything else of
// the owner's memory, which may be mapped read-only here.
//
// INVARIANTS
//   I1. Give never fails. When the channel is full the pointer waits here, in a list of chunks of this CPU's own
//       memory, until Retry finds room.
//   I2. Under way to one owner are kMostUnderWay objects at most: what fits into the channel. What is packed leaves at
//       the next Work of this CPU at the latest.
//   I3. What waits is bounded by what the owner has to be freed, and costs about 8 bytes per object; how much waits,
//       and waited at most, is counted.
//   I4. Give does not wait but in one case: the channel is full, this partition is exhausted, and so is the reserve
//       below. Then a thread yields until one of the three has room, and in message context the kernel stops.
//   I5. What comes home is freed at the next step, or when so many have come that its place is needed: to free an
//       object is to read and write its line, which the CPU that used it last has; so all lines are fetched first.
#ifndef CORE_KERNEL_RETURN_PATH_H_
#define CORE_KERNEL_RETURN_PATH_H_

#include <cstddef>
#include <cstdint>

#include "core/base/affinity.h"
#include "core/base/cpu_id.h"
#include "core/exchange/exchange.h"
#include "core/machine/machine.h"
#include "core/memory/partition.h"

namespace toro {

// What the product's return path is made of. The model checker has parts of its own (tests/models).
struct ProductReturns {
  using Exchange = toro::Exchange;
  using Partition = toro::Partition;
  static constexpr size_t kLines = kChannelLines;
  static constexpr size_t kChunkObjects = 62;  // with two words 512 bytes: a size class of its own

  // So many objects can wait also when this partition is exhausted. Beyond that Give waits, or stops (I4).
  static constexpr size_t kReserveObjects = 512;

  // The reserve is used up: lets others run, or stops.
  static void YieldForRoom();
  static void PrefetchForWrite(const void* object) { Machine::PrefetchForWrite(object); }
};

template <typename Parts>
class BasicReturnPath {
 public:
  using Exchange = typename Parts::Exchange;
  using Partition = typename Parts::Partition;
  using Here = typename Exchange::Here;

  static constexpr size_t kMostUnderWay = Parts::kLines * kChannelWords;
  static constexpr size_t kReserveObjects = Parts::kReserveObjects;

  [[gnu::cold]] BasicReturnPath(Exchange& exchange, Partition& partition);
  BasicReturnPath(const BasicReturnPath&) = delete;
  BasicReturnPath& operator=(const BasicReturnPath&) = delete;

  // `object` belongs to CPU `owner`, which is not this one. Any context; see I4.
  void Give(CpuId owner, void* object);

  // Gives what had to wait, as far as there is room.
  void Retry();

  bool waiting() const { return counters_.waiting != 0; }

  // Frees what has come home (I5). True if there was anything. Each step, before it takes messages.
  bool FreeArrived() {
    const bool any = arrived();
    while (arrived()) FreeOldest();
    return any;
  }
  bool arrived() const { return arrived_ != 0; }

  struct Counters {
    uint64_t given = 0;         // objects of others that were freed here
    uint64_t waited = 0;        // of those, how many found the channel full
    uint64_t waiting = 0;       // of those, how many wait now
    uint64_t most_waiting = 0;  // the most that ever waited at once
    uint64_t returned = 0;      // objects of this CPU that others freed
  };
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Chunk {
    static constexpr size_t kObjects = Parts::kChunkObjects;
    Chunk* next = nullptr;
    size_t count = 0;
    void* objects[kObjects];
  };
  static constexpr size_t kReserve = kReserveObjects / Chunk::kObjects + 1;

  static void TakeHome(Here& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);

  // The objects whose lines are under way at a time. [bench: foreign_free]
  static constexpr size_t kMostArrived = 64;
  void Arrive(void* object) {
    if (arrived_ == kMostArrived) FreeOldest();
    // To be written, or each line would be asked for twice.
    Parts::PrefetchForWrite(object);
    arrivals_[(first_arrival_ + arrived_++) % kMostArrived] = object;
  }
  void FreeOldest() {
    void* object = arrivals_[first_arrival_++ % kMostArrived];
    --arrived_;
    ++counters_.returned;
    partition_.FreeReturned(object);
  }

  void Keep(CpuId owner, void* object);
  Chunk* TakeChunk();
  void GiveChunk(Chunk* chunk);

  Exchange& exchange_;
  Partition& partition_;
  Chunk* waiting_[kMaxCpus] = {};
  Chunk reserve_[kReserve];  // for when the partition is exhausted
  Chunk* free_reserve_ = nullptr;
  Counters counters_;
  size_t arrived_ = 0;
  size_t first_arrival_ = 0;  // counted, not wrapped
  void* arrivals_[kMostArrived] = {};
};

// Its functions are in return_path_work.h, which return_path.cc alone instantiates for the product.
extern template class BasicReturnPath<ProductReturns>;

using ReturnPath = BasicReturnPath<ProductReturns>;

}  // namespace toro

#endif  // CORE_KERNEL_RETURN_PATH_H_
