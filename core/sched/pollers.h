// Pollers: the threads of one CPU that only look whether something has happened (Scheduler::YieldPolling).
//
// WHY. A thread that polls is always ready, so a CPU with one would never sleep, and every busy thread beside it would
// pay a switch for each look. Here a poller that found nothing leaves the ready ring, and comes back when a look can
// find something new.
//
// INVARIANTS
//   I1. A thread is in this list exactly while it waits in YieldPolling for its next turn. Only a cancel takes out a
//       single one; else all pollers go on at once.
//   I2. After anything happened that a poller could see (a message was taken, a timer fired, an interrupt or a wake-up
//       ended a halt, another thread ran), every poller has a turn before the CPU halts. So a poller is not lost,
//       whatever the order in which the pollers and what they wait for came.
//   I3. A CPU halts while it has pollers only when none of them is due a turn.
//
// WHY I2 HOLDS. Turns are given by the loop, after it has taken messages and fired timers. They are due when either did
// something, when messages were taken elsewhere (an allocation that found no memory), after a halt, after FoundWork,
// when a poller ends, and when one waits here and the thread that runs next is none: it may make what they poll for.
// What is changed by no thread, message or interrupt of this CPU is not seen: another CPU must send something.
//
// COST. No yield knows of it. The loop: one comparison without pollers. A CPU whose other threads are busy gives its
// pollers a turn at every turn of the loop, every 64 switches or when something arrives.
#ifndef CORE_SCHED_POLLERS_H_
#define CORE_SCHED_POLLERS_H_

#include <cstddef>
#include <cstdint>

#include "core/sched/thread.h"

namespace toro {

class Pollers {
 public:
  bool empty() const { return waiting_.empty(); }

  // Those that have looked, found nothing, and wait for their turn.
  WaitList& waiting() { return waiting_; }

  // A poller has found nothing and is about to leave the ready ring, in which `runs_next` follows it.
  void NoteParked(const Thread* runs_next) {
    // Between two pollers the loop may have a turn; if one were news to the others, they would keep each other awake.
    if (runs_next != nullptr && !runs_next->polling) due_ = true;
  }

  // Something happened that only the caller knows of: every poller looks again.
  void SetDue() { due_ = true; }

  // Are the pollers due a turn? The caller gives it to them. `worked`: the loop did something just now. `received`: how
  // many messages this CPU has taken since boot.
  bool TakeDue(bool worked, uint64_t received) {
    if (!due_ && !worked && received == received_) return false;
    due_ = false;
    received_ = received;
    return true;
  }

 private:
  WaitList waiting_;
  uint64_t received_ = 0;
  bool due_ = false;
};

}  // namespace toro

#endif  // CORE_SCHED_POLLERS_H_
