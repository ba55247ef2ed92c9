// GuestTable: the threads that are on this CPU and have their home elsewhere.
//
// WHY. A request about a thread may reach this CPU after the thread has left, and the thread's own words lie in memory
// of its home and may be in use for another thread by then. So presence is known here, without a look at the thread.
//
// INVARIANTS
//   I1. A thread is in the table from its arrival to its departure. One CPU.
//   I2. Open addressing with linear probing; what follows a removed entry moves up, so there are no marks of deletion.
//
// COST. Two or three loads of private memory; no line of the thread.
#ifndef CORE_SCHED_GUEST_TABLE_H_
#define CORE_SCHED_GUEST_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "core/memory/partition.h"

namespace toro {

struct Thread;

class GuestTable {
 public:
  explicit GuestTable(Partition& partition) : slots_(first_), partition_(partition) {}
  GuestTable(const GuestTable&) = delete;
  GuestTable& operator=(const GuestTable&) = delete;

  bool Contains(const Thread* thread) const { return slots_[PlaceOf(thread)] != nullptr; }

  // The thread must not be in the table. Stops when a larger table is needed and the partition has no room for it.
  void Add(Thread* thread);

  // The thread must be in the table.
  void Remove(const Thread* thread);

  size_t size() const { return size_; }

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t i = 0; i < capacity_; ++i) {
      if (slots_[i] != nullptr) visit(*slots_[i]);
    }
  }

 private:
  static constexpr size_t kFirstSlots = 16;

  size_t HomeOf(const Thread* thread) const {
    return reinterpret_cast<uintptr_t>(thread) * 0x9e3779b97f4a7c15u >> 32 & (capacity_ - 1);
  }
  // Where it is, or where it would be put.
  size_t PlaceOf(const Thread* thread) const {
    size_t place = HomeOf(thread);
    while (slots_[place] != nullptr && slots_[place] != thread) place = (place + 1) & (capacity_ - 1);
    return place;
  }
  [[gnu::cold]] void Grow();

  Thread** slots_;
  size_t capacity_ = kFirstSlots;  // a power of two, more than `size_`
  size_t size_ = 0;
  Partition& partition_;
  Thread* first_[kFirstSlots] = {};
};

}  // namespace toro

#endif  // CORE_SCHED_GUEST_TABLE_H_
