// The clock: nanoseconds from the time stamp counter.
//
// WHY lazy. Where CPUID does not tell the counter's frequency, it is measured against a timer of the chipset, and a
// good measurement takes a millisecond, a fifth of the whole boot. So boot only notes where both stood (StartClock);
// the first who asks for the time computes, by then mostly without a wait.
//
// INVARIANTS
//   I1. The frequency is decided once, by one CPU; all CPUs then convert with the same factor, so times of two CPUs
//       differ by no more than their counters do.
//
// COST of ClockNowNs: RDTSC, one multiplication, one branch.
#ifndef PLATFORM_BAREMETAL_CPU_CLOCK_H_
#define PLATFORM_BAREMETAL_CPU_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "platform/x86_64/cpu_instructions.h"

namespace toro::baremetal {

// Nanoseconds per cycle, as a fraction of 2^32; 0: not decided yet. Written once.
extern std::atomic<uint64_t> clock_ns_per_cycle_scaled;

// Asks CPUID, or notes where counter and chipset timer stand. `pm_timer_port`: the ACPI timer, or 0 if there is none.
// Boot CPU, once.
void StartClock(uint16_t pm_timer_port);

// Decides the frequency. Any CPU; waits a millisecond at most.
void DecideClock();

inline uint64_t NsOfCycles(uint64_t cycles, uint64_t scale) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(cycles) * scale) >> 32);
}

inline uint64_t ClockNowNs() {
  uint64_t scale = clock_ns_per_cycle_scaled.load(std::memory_order_relaxed);
  if (__builtin_expect(scale == 0, 0)) {
    DecideClock();
    scale = clock_ns_per_cycle_scaled.load(std::memory_order_relaxed);
  }
  return NsOfCycles(x86_64::ReadTimeStampCounter(), scale);
}

// The cycles that `ns` take. For at most a few minutes.
inline uint64_t CyclesOfNs(uint64_t ns) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(ns) << 32) /
                               clock_ns_per_cycle_scaled.load(std::memory_order_relaxed));
}

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_CLOCK_H_
