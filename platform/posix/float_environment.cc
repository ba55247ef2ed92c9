// fesetround and fesetenv: what a thread sets is its own, across waits and migrations. The linker gives the callers
// these instead of the C library's (--wrap); the others of <cfenv> either go through them or change flags only.
#include <fenv.h>

#include "core/sched/scheduler.h"

extern "C" {

int __real_fesetround(int direction);
int __real_fesetenv(const fenv_t* environment);

int __wrap_fesetround(int direction) {
  int result = __real_fesetround(direction);
  toro::Scheduler::KeepFloatControls();
  return result;
}

int __wrap_fesetenv(const fenv_t* environment) {
  int result = __real_fesetenv(environment);
  toro::Scheduler::KeepFloatControls();
  return result;
}

}  // extern "C"
