// TakeNonMaskable: an NMI that another CPU sent, which looks after this one (stall_watch.h), or somebody outside, as a
// request to stop.
#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/stall_watch.h"

namespace toro {
namespace baremetal {

// Called by the stub of vector 2. False: the NMI is a fatal report, or the stop of a CPU by one that reports. The
// latter wants to hear of no more.
//
// One press of the button reaches several CPUs on some machines: the others leave it to CPU 0. The wake-up makes CPU 0
// look, even when it was about to halt.
extern "C" bool TakeNonMaskable(const ExceptionFrame& frame) {
  if (IsStopping()) return IsReporting();
  if (TakeStallNmi(frame)) return true;
  if (CurrentCpuBlock().id != kBootCpu) return true;
  if (NoteShutdownRequest == nullptr || !NoteShutdownRequest()) return false;
  SendWakeToSelf();
  return true;
}

}  // namespace baremetal

namespace platform {

// An NMI needs no permission.
void ListenForShutdown(bool) {}

}  // namespace platform
}  // namespace toro
