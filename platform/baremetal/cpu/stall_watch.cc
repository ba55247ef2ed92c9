#include "platform/baremetal/cpu/stall_watch.h"

#include <atomic>

#include "core/base/units.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_table.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"

namespace toro {
namespace baremetal {
namespace {

constexpr uint64_t kRests = 0;

// An ask for a look at a CPU is the beat that is overdue. Both are alone on their line: a beat is written often.
struct alignas(kCacheLineBytes) Beat {
  std::atomic<uint64_t> last_ns{kRests};
  std::atomic<uint64_t> asked{kRests};
};
constinit Beat beats[kMaxCpus];

// Ticks that a CPU may miss. With its own two looks an ordinary stall is reported first.
constexpr uint64_t kBoundsOverdue = 3;

// One CPU prints at a time; another tries again at its next tick.
constinit std::atomic<bool> printing{false};

bool LooksAfterOthers(const CpuBlock& self) { return self.id.index() < 2; }

void WriteBeat(const CpuBlock& self, uint64_t ns) {
  beats[self.id.index()].last_ns.store(ns, std::memory_order_relaxed);
}

void Arm(CpuBlock& self, uint64_t now_ns) {
  self.timer_deadline_ns = now_ns + self.stall_bound_ns;
  ArmTimer(now_ns, self.timer_deadline_ns);
}

void PrintStall(const CpuBlock& self, const char* what, uint64_t stuck_ns, uint64_t ip, uint64_t frame) {
  Print("\ntoro: ");
  Print(self.stall_powers_off ? "fatal: " : "");
  Print("stall: ");
  Print(what);
  Print("this thread has not yielded for ");
  PrintDecimal(stuck_ns / kNsPerMs);
  Print(" ms\n");
  PrintWhere(self.id);
  PrintBacktrace(ip, frame);
}

void Report(CpuBlock& self, const char* what, uint64_t stuck_ns, uint64_t ip, uint64_t frame) {
  if (self.stall_powers_off) {
    BeginPanic();
    PrintStall(self, what, stuck_ns, ip, frame);
    EndPanic();
  }
  if (printing.exchange(true)) return;
  PrintStall(self, what, stuck_ns, ip, frame);
  printing.store(false);
  self.stall_reported = true;
}

void LookAt(size_t cpu, uint64_t bound_ns, uint64_t now_ns) {
  Beat& beat = beats[cpu];
  uint64_t last_ns = beat.last_ns.load(std::memory_order_relaxed);
  if (last_ns == kRests || now_ns < last_ns + kBoundsOverdue * bound_ns) return;
  beat.asked.store(last_ns, std::memory_order_release);
  SendNonMaskable(cpu_apic_ids[cpu]);
}

void LookAfterOthers(const CpuBlock& self, uint64_t now_ns) {
  if (self.id != kBootCpu) return LookAt(kBootCpu.index(), self.stall_bound_ns, now_ns);
  for (size_t i = 1; i < kMaxCpus; ++i) LookAt(i, self.stall_bound_ns, now_ns);
}

void NoteProgress(CpuBlock& self, uint64_t progress, uint64_t now_ns) {
  self.stall_progress = progress;
  self.stall_seen_ns = now_ns;
  self.stall_reported = false;
}

}  // namespace

uint64_t BeginRest(CpuBlock& self) {
  WriteBeat(self, kRests);
  self.stall_ticked = false;
  return LooksAfterOthers(self) ? ClockNowNs() + self.stall_bound_ns : kNever;
}

void EndRest(CpuBlock& self) {
  uint64_t now_ns = ClockNowNs();
  WriteBeat(self, now_ns);
  if (self.timer_deadline_ns == 0 || self.timer_deadline_ns > now_ns + self.stall_bound_ns) Arm(self, now_ns);
}

// Called by the timer interrupt while the watch is on. `ip` and `frame` are of the interrupted code.
extern "C" void StallTick(uint64_t ip, uint64_t frame) {
  CpuBlock& self = CurrentCpuBlock();
  uint64_t now_ns = ClockNowNs();
  if (LooksAfterOthers(self)) LookAfterOthers(self, now_ns);
  if (beats[self.id.index()].last_ns.load(std::memory_order_relaxed) == kRests) {
    self.stall_ticked = true;  // HaltCpu goes on with the watch
    return;
  }
  uint64_t progress = CurrentProgress != nullptr ? CurrentProgress() : platform::kCpuRests;
  if (progress == platform::kCpuRests || progress != self.stall_progress) {
    NoteProgress(self, progress, now_ns);
  } else if (!self.stall_reported) {
    Report(self, "", now_ns - self.stall_seen_ns, ip, frame);
  }
  now_ns = ClockNowNs();
  WriteBeat(self, now_ns);
  Arm(self, now_ns);
}

bool TakeStallNmi(const ExceptionFrame& frame) {
  constexpr uint64_t kInterruptFlag = 1 << 9;  // [sdm1 3.4.3]
  CpuBlock& self = CurrentCpuBlock();
  Beat& beat = beats[self.id.index()];
  uint64_t asked = beat.asked.exchange(kRests);
  if (asked == kRests) return false;
  bool is_stuck = beat.last_ns.load(std::memory_order_relaxed) == asked && (frame.rflags & kInterruptFlag) == 0;
  if (is_stuck && self.stall_masked_beat == asked && !self.stall_reported) {
    Report(self, "interrupts are masked, and ", ClockNowNs() - asked, frame.rip, frame.rbp);
  }
  self.stall_masked_beat = is_stuck ? asked : kRests;
  return true;
}

}  // namespace baremetal

namespace platform {

void WatchForStalls(uint64_t bound_ns, StallPolicy policy) {
  using namespace baremetal;
  CpuBlock& self = CurrentCpuBlock();
  self.stall_bound_ns = bound_ns;
  self.stall_powers_off = policy == StallPolicy::kPowerOff;
  self.stall_progress = platform::kCpuRests;
  self.stall_reported = false;
  if (bound_ns != 0) {
    EndRest(self);
  } else {
    WriteBeat(self, kRests);
  }
}

}  // namespace platform
}  // namespace toro
