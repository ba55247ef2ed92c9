// PartitionTest: a partition of 8 MiB in two ranges, for the tests beside it.
#ifndef CORE_MEMORY_PARTITION_FIXTURE_H_
#define CORE_MEMORY_PARTITION_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "core/memory/partition.h"
#include "core/memory/test_memory.h"

namespace toro {

class PartitionTest : public ::testing::Test {
 protected:
  static constexpr size_t kBytes = 8 * kMiB;

  TestMemory memory_{kBytes, 2};
  std::unique_ptr<Partition> partition_ = std::make_unique<Partition>(CpuId{3}, memory_.ranges(), 0x1234567890abcdef);
};

}  // namespace toro

#endif  // CORE_MEMORY_PARTITION_FIXTURE_H_
