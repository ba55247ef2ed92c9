// TraceRing: what a CPU did last, for the fatal report.
//
// WHY. When a kernel dies, the state says where it is and not how it came there. Each CPU writes its own ring, so there
// is nothing to lock; whoever reports reads all rings after the other CPUs were stopped.
//
// LAYOUT, made to be exported as it is: records of 32 bytes, little-endian, the newest at (count - 1) % kRecords
//   u64 stamp    cycles of the CPU's own counter; the reading of the last event that read it (stamped: true)
//   u32 event    TraceEvent
//   u32 number   see TraceEvent
//   u64 first    see TraceEvent
//   u64 second   see TraceEvent
//
// INVARIANTS
//   I1. Only its own CPU writes a ring, in any context but an NMI.
//   I2. Neither a yield nor an allocation writes. IF YOU add an event to either, measure.
//
// COST. Four stores into a line that is seldom cold. Only events that are slow anyway read the counter; the others take
// over its last reading.
#ifndef CORE_TRACE_TRACE_RING_H_
#define CORE_TRACE_TRACE_RING_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/machine/machine.h"

namespace toro {

// Of a thread: `number` is the index of its id, `first` its home + 2^32 times its generation.
enum class TraceEvent : uint32_t {
  kNone,
  kSpawn,        // a thread was created here
  kEnd,          // it ended
  kWait,         // the thread that runs waits; second: WaitsFor
  kReady,        // a thread may run
  kLeave,        // a thread leaves for CPU `second`
  kArrive,       // a thread has arrived
  kSleepUntil,   // the thread that runs sleeps; second: the deadline in nanoseconds
  kTimer,        // its deadline came
  kHalt,         // the CPU halts; first: until when, in nanoseconds; second: wake-ups it has sent so far
  kAwake,        // the halt is over
  kOutOfMemory,  // an allocation found none; first: bytes in use
  kFault,        // a fault of the CPU; number: its vector; first: address of the instruction; second: of the access
  kShutdown,     // the machine was asked to stop
};

struct TraceRecord {
  uint64_t stamp = 0;
  TraceEvent event = TraceEvent::kNone;
  uint32_t number = 0;
  uint64_t first = 0;
  uint64_t second = 0;
};
static_assert(sizeof(TraceRecord) == 32);

class alignas(kCacheLineBytes) TraceRing {
 public:
  static constexpr uint64_t kRecords = 64;

  void Add(TraceEvent event, uint32_t number = 0, uint64_t first = 0, uint64_t second = 0) {
    TraceRecord& record = records_[count_++ % kRecords];
    record.stamp = stamp_;
    record.event = event;
    record.number = number;
    record.first = first;
    record.second = second;
  }

  // The same, and reads the counter: for events that cost much more than that.
  void AddStamped(TraceEvent event, uint32_t number = 0, uint64_t first = 0, uint64_t second = 0) {
    stamp_ = Machine::Cycles();
    Add(event, number, first, second);
  }

  // How many were ever written.
  uint64_t count() const { return count_; }
  // The `age`-th newest, from 0; age < min(count(), kRecords).
  const TraceRecord& newest(uint64_t age) const { return records_[(count_ - 1 - age) % kRecords]; }

 private:
  uint64_t count_ = 0;
  uint64_t stamp_ = 0;
  TraceRecord records_[kRecords];
};

}  // namespace toro

#endif  // CORE_TRACE_TRACE_RING_H_
