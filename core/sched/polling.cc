// The two hints of a thread that polls. pollers.h says when it has a turn.
#include "core/sched/scheduler.h"

namespace toro {

void Scheduler::YieldPolling() {
  Scheduler& here = Current();
  here.CheckMayBlock();
  Thread* self = here.ring_.head();
  if (!self->polling) {  // its first look, or the first after FoundWork: what it did may be of use to the others
    self->polling = true;
    here.pollers_.SetDue();
    Yield();
    return;
  }
  here.ring_.Remove(*self);
  if (here.runner_ == self) here.StopBeingRunner();
  here.pollers_.Park(*self, here.ring_.head());
  here.SwitchFrom(*self);
}

void Scheduler::FoundWork() {
  Scheduler& here = Current();
  here.CheckMayBlock();
  here.ring_.head()->polling = false;
  here.pollers_.SetDue();
}

}  // namespace toro
