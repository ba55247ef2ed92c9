// TimerWheel: the pending timers of one CPU; start, stop and expiry are O(1) each, and there is no tick.
//
// WHY. A hierarchical wheel [varghese87]: kLevels rings of 64 slots, each level 64 times coarser than the one below. A
// timer lies at the level of the highest bit in which its tick differs from the wheel's, and moves down when that slot
// comes up. One 64-bit mask per level finds the next occupied slot without a walk.
//
// INVARIANTS
//   I1. A timer never fires before its deadline, and at most one tick and the delay of the next Advance after it.
//   I2. Timers of one tick fire in the order in which they were started, unless they came down from different levels.
//   I3. A timer is in at most one slot; Stop works at any time, also from a function that fires.
#ifndef CORE_SCHED_TIMER_WHEEL_H_
#define CORE_SCHED_TIMER_WHEEL_H_

#include <cstddef>
#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/units.h"

namespace toro {

struct Timer : ListLink {
  // Runs in message context on the CPU that started the timer. The timer is stopped by then and may be started again.
  using Fire = void (*)(Timer& timer);

  Fire fire = nullptr;
  uint64_t tick = 0;  // set by the wheel
  uint8_t level = 0;
  uint8_t slot = 0;
};

class TimerWheel {
 public:
  static constexpr unsigned kTickShift = 14;  // 16.4 microseconds
  static constexpr unsigned kSlotBits = 6;
  static constexpr size_t kSlots = 1 << kSlotBits;
  static constexpr size_t kLevels = 6;  // 2^50 ns, 13 days; later deadlines go around the top level

  explicit TimerWheel(uint64_t now_ns) : tick_(now_ns >> kTickShift) {}

  // Makes timer.fire run at `deadline_ns` or soon after. The timer must be stopped.
  void Start(Timer& timer, uint64_t deadline_ns);

  // No effect on a stopped timer.
  void Stop(Timer& timer);

  // Fires what is due. True if anything fired.
  bool Advance(uint64_t now_ns);

  // When Advance has something to do; kNever when no timer is pending. May be earlier than the next deadline, never
  // later.
  uint64_t NextNs() const;

  size_t pending() const { return pending_; }

 private:
  struct Level {
    uint64_t occupied = 0;
    IntrusiveList<Timer> slots[kSlots];
  };
  struct Next {
    size_t level;
    size_t slot;
    uint64_t tick;  // when that slot comes up
  };

  void Insert(Timer& timer);
  void Unlink(Timer& timer);
  bool FindNext(Next& next) const;

  uint64_t tick_;  // everything up to here has fired
  size_t pending_ = 0;
  Level levels_[kLevels];
};

}  // namespace toro

#endif  // CORE_SCHED_TIMER_WHEEL_H_
