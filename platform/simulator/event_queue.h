// EventQueue: what will happen to simulated CPUs at a later tick.
//
// INVARIANTS
//   I1. Events happen in the order of their ticks; at the same tick, in the order in which they were added.
#ifndef PLATFORM_SIMULATOR_EVENT_QUEUE_H_
#define PLATFORM_SIMULATOR_EVENT_QUEUE_H_

#include <algorithm>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "platform/simulator/host_memory.h"

namespace toro::simulator {

struct Event {
  enum class Kind : uint8_t { kWakeUp, kEndOfStall };

  uint64_t tick;
  uint64_t number;
  Kind kind;
  CpuId cpu;

  // For a heap whose front is the earliest.
  bool operator<(const Event& other) const { return tick != other.tick ? tick > other.tick : number > other.number; }
};

class EventQueue {
 public:
  static constexpr uint64_t kNoTick = ~uint64_t{0};

  void Add(uint64_t tick, Event::Kind kind, CpuId cpu) {
    events_.push_back({tick, added_++, kind, cpu});
    std::push_heap(events_.begin(), events_.end());
    next_ = events_.front().tick;
  }

  // kNoTick: there is none.
  uint64_t next() const { return next_; }

  // Takes the earliest; there must be one.
  Event Take() {
    std::pop_heap(events_.begin(), events_.end());
    Event event = events_.back();
    events_.pop_back();
    next_ = events_.empty() ? kNoTick : events_.front().tick;
    return event;
  }

 private:
  uint64_t next_ = kNoTick;
  uint64_t added_ = 0;
  HostVector<Event> events_;
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_EVENT_QUEUE_H_
