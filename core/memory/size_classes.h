// Size classes of small objects: 16-byte steps to 128 bytes, then eight per doubling, so that rounding up wastes at
// most an eighth above 128 bytes.
//
// WHY a table. Sizes come in no order that a processor could foresee, so a branch between the two rules would be
// guessed wrong as often as not. Every class ends at a multiple of 16, so one byte per 16 bytes of size says it all; of
// its 2 KiB a program touches the few lines of the sizes that it uses.
#ifndef CORE_MEMORY_SIZE_CLASSES_H_
#define CORE_MEMORY_SIZE_CLASSES_H_

#include <algorithm>
#include <array>
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

// The bytes of an object of that class.
constexpr size_t SizeClassBytes(size_t size_class) {
  if (size_class < kLinearClasses) return (size_class + 1) * kLeastObjectBytes;
  size_t doubling = (size_class - kLinearClasses) / kClassesPerDoubling;
  size_t step = (size_class - kLinearClasses) % kClassesPerDoubling;
  return (kLinearBytes << doubling) / kClassesPerDoubling * (kClassesPerDoubling + step + 1);
}

namespace size_classes_internal {

constexpr auto MakeTable() {
  std::array<uint8_t, kLargestSmallBytes / kLeastObjectBytes + 1> table{};
  size_t size_class = 0;
  for (size_t units = 0; units < table.size(); ++units) {
    if (units * kLeastObjectBytes > SizeClassBytes(size_class)) ++size_class;
    table[units] = static_cast<uint8_t>(size_class);
  }
  return table;
}

inline constexpr auto kTable = MakeTable();

}  // namespace size_classes_internal

// The class of an object of `bytes`, 1..kLargestSmallBytes (0 counts as 1).
constexpr size_t SizeClassOf(size_t bytes) {
  return size_classes_internal::kTable[(bytes + kLeastObjectBytes - 1) / kLeastObjectBytes];
}

// What is moved between a magazine and the slabs at a time: about so many bytes, but no more objects than this.
inline constexpr size_t kBatchBytes = 4 * kKiB;
inline constexpr size_t kMostInBatch = 16;
constexpr size_t BatchObjects(size_t size_class) {
  return std::clamp(kBatchBytes / SizeClassBytes(size_class), size_t{1}, kMostInBatch);
}

// What all magazines hold together that hold two batches.
inline constexpr size_t kLeastMagazineSlots = [] {
  size_t slots = 0;
  for (size_t c = 0; c < kSizeClasses; ++c) slots += 2 * BatchObjects(c);
  return slots;
}();

inline constexpr size_t kLeastSlabPages = 2;

// The pages of one slab: enough that the slow path is rare, and as few as leave at most a thirty-second unused at the
// end.
constexpr size_t SlabPages(size_t size_class) {
  size_t bytes = SizeClassBytes(size_class);
  for (size_t pages = kLeastSlabPages;; ++pages) {
    size_t slab = pages * kPageBytes;
    if (slab >= 2 * bytes && slab % bytes * 32 <= slab) return pages;
  }
}

}  // namespace toro

#endif  // CORE_MEMORY_SIZE_CLASSES_H_
