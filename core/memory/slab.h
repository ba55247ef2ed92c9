// Slab: a few pages of objects of one size class, and what is free of them.
//
// WHY out of line. A header in the slab would spoil the alignment of what lies behind it, would be the first thing that
// an overflow hits, and would put the headers of all slabs into the same sets of the cache.
//
// INVARIANTS
//   I1. Every object is in use, in a magazine of its class, in `free`, or not carved yet; `in_list` counts the last
//       two.
//   I2. The objects that are not carved yet are first, first + step, first + 2 * step ... modulo the number of objects;
//       `step` has no divisor in common with it, so each comes once. Nothing of them has been touched.
#ifndef CORE_MEMORY_SLAB_H_
#define CORE_MEMORY_SLAB_H_

#include <cstddef>
#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/units.h"

namespace toro {

// What a free object holds.
struct FreeObject {
  uint64_t link;  // the next one, encoded
  uint64_t mark;
};

// The link is that of the list of its class.
struct alignas(kCacheLineBytes) Slab : ListLink {
  FreeObject* free = nullptr;
  char* begin = nullptr;
  uint32_t in_list = 0;
  uint32_t to_carve = 0;
  uint32_t carve_at = 0;
  uint32_t carve_step = 0;
};
static_assert(sizeof(Slab) == kCacheLineBytes);

}  // namespace toro

#endif  // CORE_MEMORY_SLAB_H_
