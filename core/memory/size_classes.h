// Size classes of small objects: 16-byte steps to 128 bytes, then eight per doubling, so that rounding up wastes at
// most an eighth above 128 bytes.
#ifndef CORE_MEMORY_SIZE_CLASSES_H_
#define CORE_MEMORY_SIZE_CLASSES_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

namespace toro {

inline constexpr size_t kLeastObjectBytes = 16;
inline constexpr size_t kLinearBytes = 128;  // up to here: one class per 16 bytes
inline constexpr size_t kLargestSmallBytes = 32 * kKiB;
inline constexpr size_t kClassesPerDoubling = 8;
inline constexpr size_t kLinearClasses = kLinearBytes / kLeastObjectBytes;
inline constexpr size_t kSizeClasses =
    kLinearClasses + kClassesPerDoubling * (std::bit_width(kLargestSmallBytes) - std::bit_width(kLinearBytes));

// The class of an object of `bytes`, 1..kLargestSmallBytes (0 counts as 1).
constexpr size_t SizeClassOf(size_t bytes) {
  if (bytes <= kLinearBytes) return bytes == 0 ? 0 : (bytes - 1) / kLeastObjectBytes;
  unsigned doubling = std::bit_width(bytes - 1) - std::bit_width(kLinearBytes);  // 0 for 129..256
  unsigned shift = std::bit_width(kLinearBytes) - 1 + doubling - std::bit_width(kClassesPerDoubling) + 1;
  return kLinearClasses + doubling * kClassesPerDoubling + ((bytes - 1) >> shift) - kClassesPerDoubling;
}

// The bytes of an object of that class.
constexpr size_t SizeClassBytes(size_t size_class) {
  if (size_class < kLinearClasses) return (size_class + 1) * kLeastObjectBytes;
  size_t doubling = (size_class - kLinearClasses) / kClassesPerDoubling;
  size_t step = (size_class - kLinearClasses) % kClassesPerDoubling;
  return (kLinearBytes << doubling) / kClassesPerDoubling * (kClassesPerDoubling + step + 1);
}

// The pages of one slab: as few as leave at most an eighth unused at its end; four for the smallest objects, so that
// the slow path is rare.
constexpr size_t SlabPages(size_t size_class) {
  size_t bytes = SizeClassBytes(size_class);
  for (size_t pages = 4;; ++pages) {
    size_t slab = pages * kPageBytes;
    if (slab >= 2 * bytes && slab % bytes * 8 <= slab) return pages;
  }
}

}  // namespace toro

#endif  // CORE_MEMORY_SIZE_CLASSES_H_
