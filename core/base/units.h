// Sizes that every layer agrees on.
#ifndef CORE_BASE_UNITS_H_
#define CORE_BASE_UNITS_H_

#include <cstddef>
#include <cstdint>

namespace toro {

inline constexpr size_t kKiB = 1024;
inline constexpr size_t kMiB = 1024 * kKiB;
inline constexpr size_t kGiB = 1024 * kMiB;

// What one coherence transaction moves.
inline constexpr size_t kCacheLineBytes = 64;

// Words of different writers stay this far apart: adjacent-line prefetch moves pairs of lines [intel-opt 3.7.3].
inline constexpr size_t kSharedStrideBytes = 2 * kCacheLineBytes;

// The unit of the page-run allocator and of guard pages.
inline constexpr size_t kPageBytes = 4 * kKiB;

// The unit in which memory is divided between CPUs, so that no page-table entry of a large page serves two owners.
inline constexpr size_t kLargePageBytes = 2 * kMiB;

inline constexpr uint64_t kNsPerUs = 1'000;
inline constexpr uint64_t kNsPerMs = 1'000'000;
inline constexpr uint64_t kNsPerSecond = 1'000'000'000;

// A deadline that never comes.
inline constexpr uint64_t kNever = ~uint64_t{0};

constexpr uint64_t AlignDown(uint64_t value, uint64_t power_of_two) { return value & ~(power_of_two - 1); }
constexpr uint64_t AlignUp(uint64_t value, uint64_t power_of_two) {
  return AlignDown(value + power_of_two - 1, power_of_two);
}
constexpr bool IsPowerOfTwo(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

}  // namespace toro

#endif  // CORE_BASE_UNITS_H_
