// PartitionTest: a partition of 8 MiB in two ranges, for the tests beside it.
#ifndef CORE_MEMORY_PARTITION_FIXTURE_H_
#define CORE_MEMORY_PARTITION_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/memory/partition.h"

namespace toro {

class PartitionTest : public ::testing::Test {
 protected:
  static constexpr size_t kBytes = 8 * kMiB;

  PartitionTest() : memory_(static_cast<char*>(std::aligned_alloc(kLargePageBytes, kBytes)), std::free) {
    std::memset(memory_.get(), 0xa5, kBytes);  // memory after power-on holds anything
    PartitionRanges ranges;
    ranges.ranges[0] = {reinterpret_cast<uintptr_t>(memory_.get()), kBytes / 2};
    ranges.ranges[1] = {reinterpret_cast<uintptr_t>(memory_.get()) + kBytes / 2, kBytes / 2};
    ranges.count = 2;
    ranges.bytes = kBytes;
    partition_ = std::make_unique<Partition>(CpuId{3}, ranges, 0x1234567890abcdef);
  }

  std::unique_ptr<char, void (*)(void*)> memory_;
  std::unique_ptr<Partition> partition_;
};

}  // namespace toro

#endif  // CORE_MEMORY_PARTITION_FIXTURE_H_
