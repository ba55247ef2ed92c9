#include "core/sched/timer_wheel.h"

#include <bit>

namespace toro {

void TimerWheel::Start(Timer& timer, uint64_t deadline_ns) {
  TORO_CHECK(!timer.linked(), "started a timer that is pending; stop it first");
  uint64_t tick = (deadline_ns >> kTickShift) + ((deadline_ns & ((uint64_t{1} << kTickShift) - 1)) != 0 ? 1 : 0);
  // What is due already fires at the next tick: a slot that has come up is not looked at again.
  timer.tick = tick > tick_ ? tick : tick_ + 1;
  Insert(timer);
  ++pending_;
}

void TimerWheel::Insert(Timer& timer) {
  uint64_t differs = timer.tick ^ tick_;
  size_t level = differs == 0 ? 0 : (std::bit_width(differs) - 1) / kSlotBits;
  if (level >= kLevels) level = kLevels - 1;
  size_t slot = timer.tick >> (level * kSlotBits) & (kSlots - 1);
  timer.level = static_cast<uint8_t>(level);
  timer.slot = static_cast<uint8_t>(slot);
  levels_[level].slots[slot].PushBack(timer);
  levels_[level].occupied |= uint64_t{1} << slot;
}

void TimerWheel::Unlink(Timer& timer) {
  Level& level = levels_[timer.level];
  IntrusiveList<Timer>::Remove(timer);
  if (level.slots[timer.slot].empty()) level.occupied &= ~(uint64_t{1} << timer.slot);
}

void TimerWheel::Stop(Timer& timer) {
  if (!timer.linked()) return;
  Unlink(timer);
  --pending_;
}

// The lowest occupied level has the earliest slot: everything above lies behind the end of its ring.
bool TimerWheel::FindNext(Next& next) const {
  for (size_t l = 0; l < kLevels; ++l) {
    uint64_t occupied = levels_[l].occupied;
    if (occupied == 0) continue;
    unsigned shift = static_cast<unsigned>(l * kSlotBits);
    size_t here = tick_ >> shift & (kSlots - 1);
    // From the next slot on: what lies in the current slot of the top level is a whole turn away.
    int turn = static_cast<int>((here + 1) & (kSlots - 1));
    size_t ahead = 1 + static_cast<size_t>(std::countr_zero(std::rotr(occupied, turn)));
    next.level = l;
    next.slot = (here + ahead) & (kSlots - 1);
    next.tick = ((tick_ >> shift) + ahead) << shift;
    return true;
  }
  return false;
}

bool TimerWheel::Advance(uint64_t now_ns) {
  uint64_t now_tick = now_ns >> kTickShift;
  bool fired = false;
  Next next;
  while (FindNext(next) && next.tick <= now_tick) {
    tick_ = next.tick;
    // Each timer of the slot is looked at once: those of a later turn of the top level go back into the same slot.
    Level& level = levels_[next.level];
    IntrusiveList<Timer> taken;
    while (Timer* timer = level.slots[next.slot].PopFront()) taken.PushBack(*timer);
    level.occupied &= ~(uint64_t{1} << next.slot);
    while (Timer* timer = taken.PopFront()) {
      if (timer->tick > tick_) {
        Insert(*timer);
        continue;
      }
      --pending_;
      fired = true;
      timer->fire(*timer);
    }
  }
  if (tick_ < now_tick) tick_ = now_tick;
  return fired;
}

uint64_t TimerWheel::NextNs() const {
  Next next;
  return FindNext(next) ? next.tick << kTickShift : kNever;
}

}  // namespace toro
