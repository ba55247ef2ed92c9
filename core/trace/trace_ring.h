// TraceRing: what a CPU did last, for the fatal report and for recordings.
//
// WHY. When a kernel dies, the state says where it is and not how it came there. Each CPU writes its own ring, so there
// is nothing to lock; whoever reports reads all rings after the other CPUs were stopped. A *recording* (docs/trace.md)
// is the same ring with more room and more events, written to a file when the machine powers off.
//
// LAYOUT, exported as it is: records of 32 bytes, little-endian, the newest at (count - 1) % capacity
//   u64 stamp    of the last event that read the clock: cycles of the CPU's own counter; recording, nanoseconds of the
//                clock of all CPUs
//   u32 event    TraceEvent
//   u32 number   see TraceEvent
//   u64 first    see TraceEvent
//   u64 second   see TraceEvent
//
// INVARIANTS
//   I1. Only its own CPU writes a ring, in any context but an NMI.
//   I2. Neither a yield nor an allocation writes, unless the trace is recorded. IF YOU add an event to either, measure.
//
// COST. Four stores into a line that is seldom cold. Only events that are slow anyway read the counter; the others take
// over its last reading. Recorded, each event does.
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

  // Recorded only.
  kName,     // of the thread of the record before: up to 16 bytes in `first` and `second`, then zeros
  kRun,      // a thread begins, or goes on, to run
  kStop,     // it has switched to the loop of its CPU
  kDeliver,  // the loop has taken or sent messages; first: since when, in nanoseconds
  kSent,     // by the record before (kStop, kDeliver); number: to which CPU; first: lines that it has ever been sent;
             // second: messages by slot that it has ever been sent
  kTaken,    // number: from which CPU; first: lines ever taken from it; second: messages by slot
};

struct TraceRecord {
  uint64_t stamp = 0;
  TraceEvent event = TraceEvent::kNone;
  uint32_t number = 0;
  uint64_t first = 0;
  uint64_t second = 0;
};
static_assert(sizeof(TraceRecord) == 32);

// How many records a recording can keep of each CPU.
inline constexpr uint64_t kLeastTraceRecords = 64;
inline constexpr uint64_t kMostTraceRecords = uint64_t{1} << 24;

class alignas(kCacheLineBytes) TraceRing {
 public:
  static constexpr uint64_t kOwnRecords = 64;

  TraceRing() = default;
  TraceRing(const TraceRing&) = delete;
  TraceRing& operator=(const TraceRing&) = delete;

  // From now on the trace is recorded, in `records`, a power of two of them. Before the first event.
  [[gnu::cold]] void Record(TraceRecord* records, uint64_t count) {
    records_ = records;
    mask_ = count - 1;
    recorded_ = true;
  }
  bool recorded() const { return recorded_; }

  void Add(TraceEvent event, uint32_t number = 0, uint64_t first = 0, uint64_t second = 0) {
    if (__builtin_expect(recorded_, 0)) stamp_ = Machine::NowNs();
    Write(event, number, first, second);
  }

  // The same, and reads the counter: for events that cost much more than that.
  void AddStamped(TraceEvent event, uint32_t number = 0, uint64_t first = 0, uint64_t second = 0) {
    if (!recorded_) stamp_ = Machine::Cycles();
    Add(event, number, first, second);
  }

  // How many were ever written.
  uint64_t count() const { return count_; }
  // How many of them are there still.
  uint64_t kept() const { return count_ <= mask_ ? count_ : mask_ + 1; }
  // The `age`-th newest, from 0; age < kept().
  const TraceRecord& newest(uint64_t age) const { return at(count_ - 1 - age); }
  // The `number`-th that was ever written, from 0, while it is kept.
  const TraceRecord& at(uint64_t number) const { return records_[number & mask_]; }

 private:
  void Write(TraceEvent event, uint32_t number, uint64_t first, uint64_t second) {
    records_[count_ & mask_] = {stamp_, event, number, first, second};
    ++count_;
  }

  uint64_t count_ = 0;
  uint64_t stamp_ = 0;
  uint64_t mask_ = kOwnRecords - 1;
  TraceRecord* records_ = own_;
  bool recorded_ = false;
  TraceRecord own_[kOwnRecords];
};
static_assert(IsPowerOfTwo(TraceRing::kOwnRecords));

}  // namespace toro

#endif  // CORE_TRACE_TRACE_RING_H_
