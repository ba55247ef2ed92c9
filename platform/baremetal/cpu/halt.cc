// HaltCpu and WakeCpu.
//
// MEMORY ORDER. The waker's stores are visible to the sleeper when HaltCpu returns: see LocalApic for the sending side;
// on the receiving side, the interrupt is taken between two instructions, and no later load was executed before it.
#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/cpu_table.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/machine_backend.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro {
namespace baremetal {

constinit bool has_fsgsbase = false;
constinit uint32_t cpu_apic_ids[kMaxCpus] = {};

namespace {

// A timer that is armed for this very moment stays armed. One that is armed for another, and no longer needed, may
// ring: a spurious return is cheaper than to stop it.
void ArmFor(CpuBlock& self, uint64_t deadline_ns) {
  if (deadline_ns == kNever || self.timer_deadline_ns == deadline_ns) return;
  self.timer_deadline_ns = deadline_ns;
  ArmTimer(ClockNowNs(), deadline_ns);
}

}  // namespace
}  // namespace baremetal

namespace platform {

void WakeCpu(CpuId cpu) { baremetal::SendWake(baremetal::cpu_apic_ids[cpu.index()]); }

void HaltCpu(uint64_t deadline_ns) {
  baremetal::CpuBlock& self = baremetal::CurrentCpuBlock();
  volatile uint64_t& latched = self.wake_latched;
  if (latched == 0) {
    baremetal::ArmFor(self, deadline_ns);
    asm volatile("sti; hlt" : : : "memory");  // interrupts open only after the HLT has begun [sdm2 STI]
  } else {
    baremetal::EnableInterrupts();
  }
  latched = 0;  // a wake-up that came meanwhile has had its effect: this call returns
}

}  // namespace platform
}  // namespace toro
