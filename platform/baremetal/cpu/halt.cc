// HaltCpu, WatchLine and WakeCpu.
//
// WHY `sti` stands before the instruction that waits: interrupts open only after that has begun [sdm2 STI], so one that
// came since they were masked ends it. This holds for MWAIT as for HLT; MWAIT's own way to wait with interrupts masked
// (bit 0 of ECX) is not needed, and emulators that list it raise a fault on it.
//
// MEMORY ORDER. The waker's stores are visible to the sleeper when HaltCpu returns: see LocalApic for the sending side;
// on the receiving side, the interrupt is taken between two instructions, and no later load was executed before it.
// MONITOR is ordered as a load [sdm2 MONITOR]: what was stored to the line before it, a later load sees; what is stored
// after it, ends MWAIT.
#include "core/base/check.h"
#include "core/base/constant_after_boot.h"
#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/cpu_table.h"
#include "platform/baremetal/cpu/idle.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/machine_backend.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/baremetal/cpu/stall_watch.h"

namespace toro {
namespace baremetal {

constinit bool has_fsgsbase = false;
TORO_CONSTANT_AFTER_BOOT constinit uint32_t cpu_apic_ids[kMaxCpus] = {};

namespace {

constinit IdleWay idle_way = IdleWay::kHlt;
constinit IdleFeatures idle_features;
constinit IdleDepth idle_depth = &DepthByLength;

Hypervisor ReadHypervisor() {
  constexpr uint32_t kUnderHypervisor = uint32_t{1} << 31;
  if (!(ReadCpuId(1).ecx & kUnderHypervisor)) return Hypervisor::kNone;
  switch (ReadCpuId(0x40000000).ebx) {                   // the first four characters of a name of twelve
    case 0x4b4d564b: return Hypervisor::kKvm;            // KVMKVMKVM
    case 0x54474354: return Hypervisor::kQemuEmulation;  // TCGTCGTCGTCG
    default: return Hypervisor::kOther;
  }
}

IdleFeatures ReadIdleFeatures() {
  IdleFeatures features;
  uint32_t most = ReadCpuId(0).eax;
  features.hypervisor = ReadHypervisor();
  features.has_mwait = (ReadCpuId(1).ecx & 1 << 3) != 0 && most >= 5;
  if (!features.has_mwait) return features;
  CpuIdLeaf leaf = ReadCpuId(5);
  features.line_bytes = leaf.eax & 0xffff;
  features.mwait_states = leaf.edx;
  features.timer_runs_in_deep_states = most >= 6 && (ReadCpuId(6).eax & 1 << 2) != 0;
  return features;
}

// A timer that is armed for this very moment stays armed. One that is armed for another, and no longer needed, may
// ring: a spurious return is cheaper than to stop it.
void ArmFor(CpuBlock& self, uint64_t deadline_ns) {
  if (deadline_ns == kNever || self.timer_deadline_ns == deadline_ns) return;
  self.timer_deadline_ns = deadline_ns;
  ArmTimer(ClockNowNs(), deadline_ns);
}

// The next sleep is taken to last as long as the last one did, but not beyond the deadline.
uint32_t HintFor(const CpuBlock& self, uint64_t deadline_ns) {
  uint64_t expected_ns = self.last_halt_ns;
  if (deadline_ns != kNever) {
    uint64_t now_ns = ClockNowNs();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    if (left_ns < expected_ns) expected_ns = left_ns;
  }
  return idle_depth(idle_features, expected_ns);
}

void WaitByMwait(CpuBlock& self, uint64_t deadline_ns) {
  uint32_t hint = HintFor(self, deadline_ns);
  uint64_t start = x86_64::ReadTimeStampCounter();
  asm volatile("sti; mwait" : : "a"(hint), "c"(0) : "memory");
  uint64_t scale = clock_ns_per_cycle_scaled.load(std::memory_order_relaxed);  // 0: nobody asked for the time yet
  self.last_halt_ns = NsOfCycles(x86_64::ReadTimeStampCounter() - start, scale);
}

// Interrupts are masked, and open afterwards.
void Wait(CpuBlock& self, uint64_t deadline_ns) {
  ArmFor(self, deadline_ns);
  if (idle_way == IdleWay::kMwait) {
    WaitByMwait(self, deadline_ns);
  } else {
    asm volatile("sti; hlt" : : : "memory");
  }
}

// The same. A tick of the watch is no reason to return.
void WaitWatched(CpuBlock& self, uint64_t deadline_ns) {
  volatile uint64_t& latched = self.wake_latched;
  volatile bool& ticked = self.stall_ticked;
  do {
    DisableInterrupts();
    uint64_t tick_ns = BeginRest(self);
    if (latched != 0) {
      EnableInterrupts();
      break;
    }
    Wait(self, tick_ns < deadline_ns ? tick_ns : deadline_ns);
  } while (ticked && (deadline_ns == kNever || ClockNowNs() < deadline_ns));
  EndRest(self);
}

}  // namespace

const char* DecideIdle(std::string_view word) {
  idle_features = ReadIdleFeatures();
  return ChooseIdleWay(word, idle_features, idle_way);
}

void SetIdleDepth(IdleDepth depth) { idle_depth = depth; }

void PrintIdle() {
  Print("toro: a CPU without work ");
  switch (idle_way) {
    case IdleWay::kHlt:
      Print("halts (HLT)");
      Print(!idle_features.has_mwait     ? "; it has no MWAIT\n"
            : !MwaitWaits(idle_features) ? "; below this hypervisor MWAIT does not wait\n"
                                         : "\n");
      return;
    case IdleWay::kMwait:
      Print("waits for its doorbell (MWAIT, lines of ");
      PrintDecimal(idle_features.line_bytes);
      Print(MwaitWaits(idle_features) ? " bytes)\n" : " bytes), which does not wait below this hypervisor\n");
      return;
    case IdleWay::kSpin: Print("spins (PAUSE)\n"); return;
  }
}

}  // namespace baremetal

namespace platform {

void WakeCpu(CpuId cpu) { baremetal::SendWake(baremetal::cpu_apic_ids[cpu.index()]); }

size_t WatchableBytes() {
  using namespace baremetal;
  switch (idle_way) {
    case IdleWay::kHlt: return 0;
    case IdleWay::kMwait: return idle_features.line_bytes;
    case IdleWay::kSpin: return ~size_t{0};  // it does not halt at all
  }
  return 0;
}

void WatchLine(const void* line) {
  if (baremetal::idle_way != baremetal::IdleWay::kMwait) return;
  asm volatile("monitor" : : "a"(line), "c"(0), "d"(0) : "memory");
}

void HaltCpu(uint64_t deadline_ns) {
  using namespace baremetal;
  CpuBlock& self = CurrentCpuBlock();
  volatile uint64_t& latched = self.wake_latched;
  if (latched != 0 || idle_way == IdleWay::kSpin) {
    EnableInterrupts();
    x86_64::Pause();
  } else {
    self.stall_bound_ns == 0 ? Wait(self, deadline_ns) : WaitWatched(self, deadline_ns);
  }
  latched = 0;  // a wake-up that came meanwhile has had its effect: this call returns
}

}  // namespace platform
}  // namespace toro
