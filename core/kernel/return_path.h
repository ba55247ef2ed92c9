// ReturnPath: takes objects home that were freed on another CPU than the one that allocated them.
//
// WHY. Only the owner touches its partition. The freeing CPU packs seven pointers into a line of the channel to the
// owner and never touches the object itself, whose lines are likely in the owner's cache or nobody's.
//
// INVARIANTS
//   I1. Give never blocks and never fails: when the channel is full, the object waits in a private list, linked through
//       its own first word, until Retry finds room.
//   I2. What is packed leaves at the next Work of this CPU at the latest, so a CPU that goes on stepping keeps at most
//       one open line and one list per owner; `in_flight_limit` is the channel's capacity, kChannelLines *
//       kChannelWords.
#ifndef CORE_KERNEL_RETURN_PATH_H_
#define CORE_KERNEL_RETURN_PATH_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/exchange/exchange.h"

namespace toro {

class ReturnPath {
 public:
  explicit ReturnPath(Exchange& exchange) : exchange_(exchange) {}

  // `object` belongs to CPU `owner`, which is not this one.
  void Give(CpuId owner, void* object);

  // Gives what had to wait. True if something still waits.
  bool Retry();

  bool waiting() const { return waiting_ != nullptr; }

  struct Counters {
    uint64_t given = 0;     // objects of others that were freed here
    uint64_t waited = 0;    // of those, how many found the channel full
    uint64_t returned = 0;  // objects of this CPU that others freed
  };
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }

 private:
  // Written into the freed object.
  struct Waiting {
    Waiting* next;
    uint64_t owner;
  };
  static_assert(sizeof(Waiting) <= 16, "the smallest object holds it");

  Exchange& exchange_;
  Waiting* waiting_ = nullptr;
  Counters counters_;
};

}  // namespace toro

#endif  // CORE_KERNEL_RETURN_PATH_H_
