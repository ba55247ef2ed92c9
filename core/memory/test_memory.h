// TestMemory: memory of the process as the ranges of a partition, for tests.
#ifndef CORE_MEMORY_TEST_MEMORY_H_
#define CORE_MEMORY_TEST_MEMORY_H_

#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/base/units.h"
#include "core/memory/boot_map.h"

namespace toro {

class TestMemory {
 public:
  // `bytes`, a multiple of a large page, in so many ranges of the same length that lie side by side. They are full of
  // rubbish: memory after power-on holds anything.
  explicit TestMemory(size_t bytes, size_t pieces = 1)
      : memory_(static_cast<char*>(std::aligned_alloc(kLargePageBytes, bytes)), std::free) {
    std::memset(memory_.get(), 0xa5, bytes);
    for (size_t i = 0; i < pieces; ++i) {
      ranges_.ranges[i] = {reinterpret_cast<uintptr_t>(memory_.get()) + i * (bytes / pieces), bytes / pieces};
    }
    ranges_.count = pieces;
    ranges_.bytes = bytes;
  }

  const PartitionRanges& ranges() const { return ranges_; }
  // All of it as one range.
  PartitionRanges whole() const {
    PartitionRanges whole;
    whole.ranges[0] = {ranges_.ranges[0].begin, ranges_.bytes};
    whole.count = 1;
    whole.bytes = ranges_.bytes;
    return whole;
  }

 private:
  std::unique_ptr<char, void (*)(void*)> memory_;
  PartitionRanges ranges_;
};

}  // namespace toro

#endif  // CORE_MEMORY_TEST_MEMORY_H_
