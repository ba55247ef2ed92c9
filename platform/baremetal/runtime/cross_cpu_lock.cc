#include "platform/baremetal/runtime/cross_cpu_lock.h"

#include "core/kernel/cpu.h"
#include "core/machine/machine.h"

namespace toro::runtime {

void WaitALittle() {
  Cpu* here = Cpu::CurrentOrNull();
  if (here != nullptr && here->scheduler().MayBlock()) {
    Scheduler::Yield();
  } else {
    Machine::Relax();
  }
}

}  // namespace toro::runtime
