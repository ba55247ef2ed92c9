#include "platform/baremetal/cpu/local_apic.h"

#include <atomic>

#include "core/base/units.h"
#include "drivers/apic/local_apic.h"
#include "drivers/reg/io_ports.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/x86_64/cpu_instructions.h"

namespace toro::baremetal {
namespace {

struct Registers {
  volatile uint32_t* mmio = nullptr;  // null: x2APIC

  bool is_x2apic() const { return mmio == nullptr; }
  uint32_t Read(apic::Register r) const {
    return is_x2apic() ? static_cast<uint32_t>(ReadMsr(0x800 + r / 16)) : mmio[r / 4];
  }
  void Write(apic::Register r, uint32_t value) const {
    if (is_x2apic()) {
      WriteMsr(0x800 + r / 16, value);
    } else {
      mmio[r / 4] = value;
    }
  }
  void WriteCommand64(uint64_t value) const {
    asm volatile("mfence; lfence" : : : "memory");
    WriteMsr(0x800 + apic::kCommandLow / 16, value);
  }
};

constexpr uint64_t kApicEnabled = 1 << 11, kX2ApicEnabled = 1 << 10;
constexpr uint64_t kApicAddressMask = 0x000ffffffffff000;

constinit Registers registers;
constinit bool enabled = false;
constinit bool has_x2apic = false;
constinit bool has_deadline_timer = false;
constinit std::atomic<bool> stopping{false};

// The counter's rate: its decrements per nanosecond, as a fraction of 2^32. All CPUs' counters run from one clock
// [sdm3 11.5.4]. 0: not known yet.
constinit std::atomic<uint64_t> count_per_ns_scaled{0};
constexpr uint64_t kLeastCalibrationNs = kNsPerMs;

apic::LocalApic<Registers> Apic() { return apic::LocalApic(registers); }

struct CounterInstant {
  uint64_t ns = 0;
  uint32_t count = 0;
};

// Clock and counter at one moment: of five tries, the one in which the least time passed between the readings. A
// virtual
// CPU may lose its host CPU for milliseconds between two instructions; a rate measured then would make timers late.
CounterInstant ReadCounterAndClock() {
  CounterInstant best;
  uint64_t least_ns = kNever;
  for (int i = 0; i < 5; ++i) {
    uint64_t before_ns = ClockNowNs();
    uint32_t count = Apic().TimerCount();
    uint64_t spent_ns = ClockNowNs() - before_ns;
    if (spent_ns < least_ns) {
      least_ns = spent_ns;
      best = {before_ns + spent_ns / 2, count};
    }
  }
  return best;
}

// Measures the rate on whichever CPU needs it first. Two CPUs may measure at once: either result is good.
uint64_t MeasureCounter() {
  Apic().ArmTimer(~uint32_t{0});
  CounterInstant start = ReadCounterAndClock(), end;
  do {
    x86_64::Pause();
    end = ReadCounterAndClock();
  } while (end.ns - start.ns < kLeastCalibrationNs);
  return (uint64_t{start.count - end.count} << 32) / (end.ns - start.ns);
}

void MaskLegacyControllers() {
  // Moved away from the exceptions' vectors, then masked [pic].
  reg::IoPorts::Write8(0x20, 0x11);
  reg::IoPorts::Write8(0xa0, 0x11);
  reg::IoPorts::Write8(0x21, 0x20);
  reg::IoPorts::Write8(0xa1, 0x28);
  reg::IoPorts::Write8(0x21, 4);
  reg::IoPorts::Write8(0xa1, 2);
  reg::IoPorts::Write8(0x21, 1);
  reg::IoPorts::Write8(0xa1, 1);
  reg::IoPorts::Write8(0x21, 0xff);
  reg::IoPorts::Write8(0xa1, 0xff);
}

}  // namespace

uint64_t DetectLocalApic() {
  MaskLegacyControllers();
  uint32_t features = ReadCpuId(1).ecx;
  has_x2apic = features & 1 << 21;
  has_deadline_timer = features & 1 << 24;
  if (has_x2apic) return 0;
  uint64_t base = ReadMsr(kMsrApicBase) & kApicAddressMask;
  registers.mmio = reinterpret_cast<volatile uint32_t*>(base);
  apic_eoi_address = base + apic::kEndOfInterrupt;
  return base;
}

void EnableLocalApic() {
  uint64_t base = ReadMsr(kMsrApicBase) | kApicEnabled;
  if (has_x2apic) base |= kX2ApicEnabled;
  WriteMsr(kMsrApicBase, base);
  Apic().Enable(kApicSpuriousVector);
  if (has_deadline_timer) {
    Apic().UseDeadlineTimer(kTimerVector);
    x86_64::MemoryFence();  // between the MMIO write and the first deadline [sdm3 11.5.4.1]
  } else {
    Apic().UseOneShotTimer(kTimerVector);
  }
  enabled = true;
}

uint32_t ReadLocalApicId() {
  if (has_x2apic && ReadCpuId(0).eax >= 0xb) {
    CpuIdLeaf topology = ReadCpuId(0xb);
    if (topology.ebx != 0) return topology.edx;
  }
  return ReadCpuId(1).ebx >> 24;
}

void SendWake(uint32_t apic_id) { Apic().SendFixed(apic_id, kWakeVector); }
void SendWakeToSelf() { Apic().SendFixedToSelf(kWakeVector); }
void SendInit(uint32_t apic_id) { Apic().SendInit(apic_id); }
void SendStartUp(uint32_t apic_id, uint8_t page) { Apic().SendStartUp(apic_id, page); }

void SendNonMaskable(uint32_t apic_id) { Apic().SendNonMaskable(apic_id); }

void StopOtherCpus() {
  stopping.store(true);
  if (enabled) Apic().SendNonMaskableToOthers();
}

bool IsStopping() { return stopping.load(); }

void ArmTimer(uint64_t now_ns, uint64_t deadline_ns) {
  uint64_t wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
  constexpr uint64_t kMostWaitNs = 60 * kNsPerSecond;
  if (wait_ns > kMostWaitNs) wait_ns = kMostWaitNs;
  if (has_deadline_timer) {
    WriteMsr(kMsrTscDeadline, x86_64::ReadTimeStampCounter() + CyclesOfNs(wait_ns) + 1);
    return;
  }
  uint64_t rate = count_per_ns_scaled.load(std::memory_order_relaxed);
  if (rate == 0) {
    rate = MeasureCounter();
    count_per_ns_scaled.store(rate, std::memory_order_relaxed);
    uint64_t spent_ns = ClockNowNs() - now_ns;
    wait_ns = wait_ns > spent_ns ? wait_ns - spent_ns : 0;
  }
  uint64_t count = static_cast<uint64_t>((static_cast<unsigned __int128>(wait_ns) * rate) >> 32) + 1;
  Apic().ArmTimer(count < ~uint32_t{0} ? static_cast<uint32_t>(count) : ~uint32_t{0});
}

}  // namespace toro::baremetal
