// CpuId: which CPU. 0 is the CPU that booted; ids are dense whatever the APIC ids are.
#ifndef CORE_BASE_CPU_ID_H_
#define CORE_BASE_CPU_ID_H_

#include <compare>
#include <cstddef>
#include <cstdint>

namespace toro {

// The most CPUs that the data structures hold. Memory is taken for the CPUs that are there, not for this number.
inline constexpr size_t kMaxCpus = 256;

class CpuId {
 public:
  constexpr CpuId() = default;
  // An index that is too large to be kept names no CPU, either.
  constexpr explicit CpuId(size_t index) : index_(static_cast<uint16_t>(index < kNoCpu ? index : kNoCpu)) {}

  constexpr size_t index() const { return index_; }

  friend constexpr auto operator<=>(CpuId, CpuId) = default;

 private:
  static constexpr size_t kNoCpu = 0xffff;

  uint16_t index_ = 0;
};

// CPU 0: the one that booted, that owns the console, and on which main() runs.
inline constexpr CpuId kBootCpu{0};

}  // namespace toro

#endif  // CORE_BASE_CPU_ID_H_
