#include "platform/baremetal/cpu/stall_watch.h"

#include <atomic>

#include "core/base/units.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"

namespace toro {
namespace baremetal {
namespace {

// One CPU prints at a time; another tries again at its next tick.
constinit std::atomic<bool> printing{false};

void Arm(CpuBlock& self, uint64_t now_ns) {
  self.timer_deadline_ns = now_ns + self.stall_bound_ns;
  ArmTimer(now_ns, self.timer_deadline_ns);
}

void PrintStall(const CpuBlock& self, uint64_t stuck_ns, uint64_t ip, uint64_t frame) {
  Print("\ntoro: ");
  Print(self.stall_powers_off ? "fatal: " : "");
  Print("stall: this thread has not yielded for ");
  PrintDecimal(stuck_ns / kNsPerMs);
  Print(" ms\n");
  PrintWhere(self.id);
  PrintBacktrace(ip, frame);
}

void Report(CpuBlock& self, uint64_t now_ns, uint64_t ip, uint64_t frame) {
  uint64_t stuck_ns = now_ns - self.stall_seen_ns;
  if (self.stall_powers_off) {
    BeginPanic();
    PrintStall(self, stuck_ns, ip, frame);
    EndPanic();
  }
  if (printing.exchange(true)) return;
  PrintStall(self, stuck_ns, ip, frame);
  printing.store(false);
  self.stall_reported = true;
}

}  // namespace

void KeepWatching(CpuBlock& self) {
  uint64_t now_ns = ClockNowNs();
  if (self.timer_deadline_ns == 0 || self.timer_deadline_ns > now_ns + self.stall_bound_ns) Arm(self, now_ns);
}

// Called by the timer interrupt while the watch is on. `ip` and `frame` are of the interrupted code.
extern "C" void StallTick(uint64_t ip, uint64_t frame) {
  CpuBlock& self = CurrentCpuBlock();
  uint64_t progress = CurrentProgress != nullptr ? CurrentProgress() : platform::kCpuRests;
  if (progress == platform::kCpuRests) return;  // HaltCpu goes on with the watch
  uint64_t now_ns = ClockNowNs();
  if (progress != self.stall_progress) {
    self.stall_progress = progress;
    self.stall_seen_ns = now_ns;
    self.stall_reported = false;
  } else if (!self.stall_reported) {
    Report(self, now_ns, ip, frame);
  }
  Arm(self, ClockNowNs());
}

}  // namespace baremetal

namespace platform {

void WatchForStalls(uint64_t bound_ns, StallPolicy policy) {
  using namespace baremetal;
  CpuBlock& self = CurrentCpuBlock();
  self.stall_bound_ns = bound_ns;
  self.stall_powers_off = policy == StallPolicy::kPowerOff;
  self.stall_progress = platform::kCpuRests;
  if (bound_ns != 0) KeepWatching(self);
}

}  // namespace platform
}  // namespace toro
