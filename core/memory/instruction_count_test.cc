// How many instructions an allocation and a free take at most: counted one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "core/base/instruction_count_test.h"
#include "core/memory/partition.h"
#include "core/memory/test_memory.h"

namespace toro {
namespace {

class InstructionCountTest : public ::testing::Test {
 protected:
  static constexpr size_t kBytes = 64 * kMiB;

  struct Calls {
    std::vector<int64_t> allocate;  // instructions of each call, ascending
    std::vector<int64_t> free;
  };

  // `live` objects of 1..`most_bytes` allocated and then freed in another order, twice.
  Calls Measure(size_t most_bytes, size_t live) {
    Calls calls;
    std::vector<void*> objects(live);
    std::mt19937 random(5);
    for (int round = 0; round < 2; ++round) {
      for (void*& object : objects) {
        size_t bytes = 1 + random() % most_bytes;
        calls.allocate.push_back(counter_.Count([&] { object = partition_->Allocate(bytes); }));
      }
      std::shuffle(objects.begin(), objects.end(), random);
      for (void* object : objects) {
        calls.free.push_back(counter_.Count([&] {
          if (!partition_->FreeIfSmall(object)) std::abort();
        }));
      }
    }
    std::sort(calls.allocate.begin(), calls.allocate.end());
    std::sort(calls.free.begin(), calls.free.end());
    return calls;
  }

  TestMemory memory_{kBytes};
  std::unique_ptr<Partition> partition_ = std::make_unique<Partition>(CpuId{0}, memory_.ranges(), 1);
  const InstructionCounter counter_;
};

// Of calls that find something in their magazine, or room in it.
TEST_F(InstructionCountTest, TheUsualCallTakesNoMoreThanSixty) {
  Calls calls = Measure(64, 200);
  std::printf("usual: allocate %ld, free %ld\n", calls.allocate[300], calls.free[300]);
  EXPECT_GT(calls.allocate[300], 5);
  EXPECT_LE(calls.allocate[300], 60);
  EXPECT_LE(calls.free[300], 60);
}

// A batch moved, and a slab taken or given back: the same bound however much is live.
TEST_F(InstructionCountTest, TheWorstCallIsBoundedHoweverMuchIsLive) {
  for (size_t bytes : {16, 64, 1024, 8192}) {
    // So many are live already, in slabs of which each has one free.
    for (size_t live : {0, 2000}) {
      std::vector<void*> held;
      for (size_t i = 0; i < live; ++i) held.push_back(partition_->Allocate(bytes));
      for (size_t i = 0; i < live; i += 4) {
        partition_->Free(held[i]);
        held[i] = nullptr;
      }
      Calls calls = Measure(bytes, 300);
      std::printf("%zu bytes, %zu live: at most: allocate %ld, free %ld\n", bytes, live, calls.allocate.back(),
                  calls.free.back());
      EXPECT_LE(calls.allocate.back(), 1500);
      EXPECT_LE(calls.free.back(), 1500);
      for (void* object : held) partition_->Free(object);
    }
  }
}

TEST_F(InstructionCountTest, AStartTakesTheSameWhateverTheSize) {
  std::vector<int64_t> counts;
  for (size_t bytes : {16 * kMiB, 64 * kGiB}) {
    PartitionRanges ranges;
    ranges.ranges[0] = {kLargePageBytes, bytes};  // nothing of it is touched
    ranges.count = 1;
    ranges.bytes = bytes;
    alignas(Partition) static unsigned char storage[sizeof(Partition)];
    counts.push_back(counter_.Count([&] { new (storage) Partition(CpuId{0}, ranges, 1); }));
  }
  std::printf("start: %ld instructions\n", counts[0]);
  EXPECT_EQ(counts[0], counts[1]);
}

}  // namespace
}  // namespace toro
