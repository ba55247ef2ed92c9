// OwnerTable: whose partition an address lies in, by one load.
//
// INVARIANTS
//   I1. One entry per large page; written once at boot, read by all CPUs ever after.
//   I2. An address outside of every partition has no owner. What was taken off the head of a range meanwhile still has
//       its CPU, because no large page has two.
#ifndef CORE_MEMORY_OWNER_TABLE_H_
#define CORE_MEMORY_OWNER_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/memory/boot_map.h"

namespace toro {

class OwnerTable {
 public:
  static constexpr size_t kNoOwner = 0xffff;

  // The bytes that Fill needs for this division.
  static size_t BytesFor(const MemoryDivision& division) {
    return Span(division).bytes / kLargePageBytes * sizeof(uint16_t);
  }

  void Fill(const MemoryDivision& division, void* memory) {
    MemoryRange span = Span(division);
    first_ = span.begin / kLargePageBytes;
    pages_ = span.bytes / kLargePageBytes;
    owners_ = static_cast<uint16_t*>(memory);
    for (size_t page = 0; page < pages_; ++page) owners_[page] = kNoOwner;
    for (size_t cpu = 0; cpu < division.cpus; ++cpu) {
      for (size_t r = 0; r < division.partitions[cpu].count; ++r) {
        const MemoryRange& range = division.partitions[cpu].ranges[r];
        for (uintptr_t at = AlignDown(range.begin, kLargePageBytes); at < range.end(); at += kLargePageBytes) {
          owners_[at / kLargePageBytes - first_] = static_cast<uint16_t>(cpu);
        }
      }
    }
  }

  // The index of the owning CPU, or kNoOwner. Any CPU.
  size_t OwnerOf(const void* address) const {
    size_t page = reinterpret_cast<uintptr_t>(address) / kLargePageBytes - first_;
    return page < pages_ ? owners_[page] : kNoOwner;
  }

 private:
  // From the lowest to the highest large page that has an owner.
  static MemoryRange Span(const MemoryDivision& division) {
    uintptr_t begin = UINTPTR_MAX, end = 0;
    for (size_t cpu = 0; cpu < division.cpus; ++cpu) {
      const PartitionRanges& partition = division.partitions[cpu];
      for (size_t r = 0; r < partition.count; ++r) {
        begin = std::min(begin, partition.ranges[r].begin);
        end = std::max(end, partition.ranges[r].end());
      }
    }
    begin = AlignDown(begin, kLargePageBytes);
    return begin < end ? MemoryRange{begin, end - begin} : MemoryRange{};
  }

  uintptr_t first_ = 0;
  size_t pages_ = 0;
  uint16_t* owners_ = nullptr;
};

}  // namespace toro

#endif  // CORE_MEMORY_OWNER_TABLE_H_
