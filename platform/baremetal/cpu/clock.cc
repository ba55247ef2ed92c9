#include "platform/baremetal/cpu/clock.h"

#include "core/base/units.h"
#include "drivers/reg/io_ports.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro::baremetal {

constinit std::atomic<uint64_t> clock_ns_per_cycle_scaled{0};

namespace {

using reg::IoPorts;
using x86_64::ReadTimeStampCounter;

constexpr uint64_t kPmTimerHz = 3'579'545;   // [acpi 4.8.3.3]
constexpr uint64_t kPitHz = 1'193'182;       // [pit]
constexpr uint64_t kPmTimerMask = 0xffffff;  // 24 bits at least
constexpr uint64_t kPitMask = 0xffff;
constexpr uint64_t kSlowestTscHz = 250'000'000;  // no x86-64 CPU counts slower: bounds what an unknown interval can be

// A timer of the chipset, of known rate and few bits, that counts up.
struct ReferenceTimer {
  uint16_t pm_timer_port = 0;  // 0: channel 2 of the 8254

  uint64_t hz() const { return pm_timer_port != 0 ? kPmTimerHz : kPitHz; }
  uint64_t mask() const { return pm_timer_port != 0 ? kPmTimerMask : kPitMask; }

  uint64_t Read() const {
    if (pm_timer_port != 0) return IoPorts::Read32(pm_timer_port) & kPmTimerMask;
    IoPorts::Write8(0x43, 0x80);  // latch channel 2
    uint16_t low = IoPorts::Read8(0x42);
    return kPitMask - (IoPorts::Read8(0x42) << 8 | low);
  }

  // Channel 2 counts from 65535 down to 0, again and again, with the speaker off. Nobody else uses it.
  void Start() const {
    if (pm_timer_port != 0) return;
    IoPorts::Write8(0x61, (IoPorts::Read8(0x61) & ~2) | 1);
    IoPorts::Write8(0x43, 0xb4);
    IoPorts::Write8(0x42, 0);
    IoPorts::Write8(0x42, 0);
  }
};

struct Instant {
  uint64_t cycles = 0;
  uint64_t ticks = 0;
};

constinit ReferenceTimer reference;
constinit Instant boot_instant;
constinit std::atomic<bool> deciding{false};

// Both clocks at one moment: of three tries, the one in which the least time passed between the two readings.
Instant ReadBoth() {
  Instant best;
  uint64_t least = ~uint64_t{0};
  for (int i = 0; i < 3; ++i) {
    uint64_t before = ReadTimeStampCounter();
    uint64_t ticks = reference.Read();
    uint64_t spent = ReadTimeStampCounter() - before;
    if (spent < least) {
      least = spent;
      best = {before + spent / 2, ticks};
    }
  }
  return best;
}

void SetFrequency(uint64_t hz) {
  clock_ns_per_cycle_scaled.store((uint64_t{kNsPerSecond} << 32) / hz, std::memory_order_release);
}

// 0 if CPUID does not say.
uint64_t FrequencyFromCpuId() {
  if (ReadCpuId(0).eax >= 0x15) {
    CpuIdLeaf ratio = ReadCpuId(0x15);  // TSC : crystal = ebx : eax, crystal = ecx Hz [sdm2 CPUID]
    if (ratio.eax != 0 && ratio.ebx != 0 && ratio.ecx != 0) return uint64_t{ratio.ecx} * ratio.ebx / ratio.eax;
  }
  constexpr uint32_t kUnderHypervisor = uint32_t{1} << 31;
  if (ReadCpuId(1).ecx & kUnderHypervisor) {
    uint32_t most = ReadCpuId(0x40000000).eax;
    if (most >= 0x40000010 && most < 0x40010000) return uint64_t{ReadCpuId(0x40000010).eax} * 1000;
  }
  return 0;
}

uint64_t Measure() {
  const uint64_t least_ticks = reference.hz() / 1000;
  // If the reference may have wrapped since boot, the interval since boot says nothing.
  uint64_t unambiguous_cycles = (reference.mask() - 2 * least_ticks) * (kSlowestTscHz / reference.hz());
  Instant start = boot_instant;
  if (ReadTimeStampCounter() - start.cycles >= unambiguous_cycles) start = ReadBoth();
  Instant end = ReadBoth();
  // A reference that stands still must not hang us: a millisecond is less than 10^7 cycles on any CPU.
  while (((end.ticks - start.ticks) & reference.mask()) < least_ticks && end.cycles - start.cycles < 20'000'000) {
    end = ReadBoth();
  }
  uint64_t ticks = (end.ticks - start.ticks) & reference.mask();
  if (ticks < least_ticks) return 1'000'000'000;  // no timer at all: one cycle, one nanosecond
  return static_cast<uint64_t>(static_cast<unsigned __int128>(end.cycles - start.cycles) * reference.hz() / ticks);
}

}  // namespace

void StartClock(uint16_t pm_timer_port) {
  if (uint64_t hz = FrequencyFromCpuId()) {
    SetFrequency(hz);
    return;
  }
  reference.pm_timer_port = pm_timer_port;
  reference.Start();
  boot_instant = ReadBoth();
}

// The exchange lets one CPU decide (I1); it happens once in the life of the machine.
void DecideClock() {
  if (!deciding.exchange(true)) {
    SetFrequency(Measure());
    return;
  }
  while (clock_ns_per_cycle_scaled.load(std::memory_order_acquire) == 0) x86_64::Pause();
}

}  // namespace toro::baremetal
