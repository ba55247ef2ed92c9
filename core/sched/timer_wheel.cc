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
    int here = static_cast<int>(tick_ >> shift & (kSlots - 1));
    size_t ahead = static_cast<size_t>(std::countr_zero(std::rotr(occupied, here)));
    next.level = l;
    next.slot = (static_cast<size_t>(here) + ahead) & (kSlots - 1);
    next.tick = ((tick_ >> shift) + ahead) << shift;
    // The slot of the current tick can only be occupied at the top, by a deadline that is more than a turn away.
    if (next.tick <= tick_) next.tick += kSlots << shift;
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
    IntrusiveList<Timer>& slot = levels_[next.level].slots[next.slot];
    // A function that fires may start timers, but none into this slot: it is not in the future.
    while (Timer* timer = slot.front()) {
      Unlink(*timer);
      if (timer->tick > tick_) {
        Insert(*timer);
        if (timer->level == next.level && timer->slot == next.slot) break;  // another turn of the top level
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
