// IdlePolicy: how a CPU that has nothing to do waits, and how deep it sleeps.
//
// WHY three ways. HLT is everywhere, and a CPU in it is woken by an interrupt. MWAIT also ends when the watched line is
// written, so a sender that rings the doorbell needs no interrupt to wake its receiver, and it takes a hint how much
// power to save. Spinning answers soonest and saves nothing.
//
// WHICH. MWAIT where it waits: on the bare CPU, and below KVM, which offers it only when it hands it through. Other
// hypervisors intercept it; QEMU's emulation offers MONITOR, but its MWAIT is a PAUSE when there are two CPUs or more.
// There HLT is the better one. `idle=` on the command line overrules this.
//
// THE HOOK. IdleDepth is the place for whoever knows more about the C-states of a machine. There is one, DepthByLength:
// short sleeps in C1, long ones in the deepest state that CPUID lists.
#ifndef PLATFORM_BAREMETAL_CPU_IDLE_POLICY_H_
#define PLATFORM_BAREMETAL_CPU_IDLE_POLICY_H_

#include <cstdint>
#include <string_view>

#include "core/base/units.h"

namespace toro::baremetal {

enum class IdleWay : uint8_t { kHlt, kMwait, kSpin };

enum class Hypervisor : uint8_t { kNone, kKvm, kQemuEmulation, kOther };

// What CPUID says [sdm2 CPUID], leaves 1, 5, 6 and 0x40000000.
struct IdleFeatures {
  bool has_mwait = false;
  Hypervisor hypervisor = Hypervisor::kNone;
  uint32_t line_bytes = 0;                 // the smallest line that MONITOR watches
  uint32_t mwait_states = 0;               // EDX of leaf 5: four bits for each C-state from C0, how many sub-states
  bool timer_runs_in_deep_states = false;  // ARAT: or a sleep below C1 would stop the timer that is to end it
};

inline bool MwaitWaits(const IdleFeatures& features) {
  return features.has_mwait && (features.hypervisor == Hypervisor::kNone || features.hypervisor == Hypervisor::kKvm);
}

// Chooses by `word` (hlt, mwait, spin; empty: the best that waits). Returns null, or why that cannot be.
inline const char* ChooseIdleWay(std::string_view word, const IdleFeatures& features, IdleWay& way) {
  if (word.empty()) {
    way = MwaitWaits(features) ? IdleWay::kMwait : IdleWay::kHlt;
  } else if (word == "hlt") {
    way = IdleWay::kHlt;
  } else if (word == "spin") {
    way = IdleWay::kSpin;
  } else if (word == "mwait") {
    if (!features.has_mwait) return "this CPU has no MONITOR and MWAIT, but idle= on the kernel command line is";
    way = IdleWay::kMwait;
  } else {
    return "idle= on the kernel command line needs hlt, mwait or spin, not";
  }
  return nullptr;
}

// Of a sleep that will last about `expected_ns`: the hint for MWAIT, C-state minus 1 in bits 7..4, sub-state in 3..0.
using IdleDepth = uint32_t (*)(const IdleFeatures& features, uint64_t expected_ns);

// A deep state takes up to some 200 microseconds to leave, and pays from about ten times as long.
inline constexpr uint64_t kDeepSleepNs = 2 * kNsPerMs;

inline uint32_t DepthByLength(const IdleFeatures& features, uint64_t expected_ns) {
  if (expected_ns < kDeepSleepNs || !features.timer_runs_in_deep_states) return 0;
  for (uint32_t state = 7; state > 1; --state) {
    uint32_t sub_states = features.mwait_states >> (4 * state) & 0xf;
    if (sub_states != 0) return (state - 1) << 4;
  }
  return 0;
}

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_IDLE_POLICY_H_
