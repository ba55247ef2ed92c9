// The two hints of a thread that polls. pollers.h says when it has a turn.
#include "core/sched/scheduler.h"

namespace toro {

bool Scheduler::YieldPolling() {
  Scheduler& here = Current();
  here.CheckMayBlock();
  Thread* self = here.ring_.head();
  if (!self->polling) {  // its first look, or the first after FoundWork: what it did may be of use to the others
    self->polling = true;
    here.pollers_.SetDue();
    return Yield();
  }
  if (here.runner_ == self) here.StopBeingRunner();
  here.pollers_.NoteParked(self->next != self ? static_cast<Thread*>(self->next) : nullptr);
  (void)Wait(&here.pollers_.waiting(), kNever, WaitsFor::kTurn, self->unwinds);
  return self->MustUnwind();
}

void Scheduler::FoundWork() {
  Scheduler& here = Current();
  here.CheckMayBlock();
  here.ring_.head()->polling = false;
  here.pollers_.SetDue();
}

}  // namespace toro
