#include "platform/baremetal/boot/memory_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "platform/baremetal/boot/boot_reserve.h"

namespace toro::baremetal {
namespace {

class MemoryPlanTest : public testing::Test {
 protected:
  void Add(uint64_t begin, uint64_t end, uint32_t type = 1) {
    ASSERT_EQ(info_->AddMemory(begin, end - begin, type), nullptr);
  }
  std::vector<std::pair<uint64_t, uint64_t>> Left() {
    std::vector<std::pair<uint64_t, uint64_t>> left;
    for (const MemoryRange& range : plan_.left()) left.emplace_back(range.begin, range.end());
    std::sort(left.begin(), left.end());
    return left;
  }

  using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;
  std::unique_ptr<BootInfo> info_ = std::make_unique<BootInfo>();
  MemoryPlan plan_;
};

TEST_F(MemoryPlanTest, LowMemoryIsNeverDivided) {
  Add(0, 0x9fc00);
  Add(0x100000, 8 * kMiB);
  ASSERT_EQ(plan_.Begin(*info_), nullptr);
  EXPECT_EQ(Left(), (Ranges{{kMiB, 8 * kMiB}}));
}

TEST_F(MemoryPlanTest, KeptRangesAreCutOutOfTheMiddleAndOffTheEnds) {
  Add(0, 16 * kMiB);
  ASSERT_EQ(plan_.Begin(*info_), nullptr);
  plan_.Keep(kMiB, 2 * kMiB);
  plan_.Keep(4 * kMiB, 5 * kMiB);
  plan_.Keep(15 * kMiB, 20 * kMiB);
  EXPECT_EQ(Left(), (Ranges{{2 * kMiB, 4 * kMiB}, {5 * kMiB, 15 * kMiB}}));
}

TEST_F(MemoryPlanTest, WhatTheLoaderCallsReservedWinsOverUsable) {
  Add(0, 16 * kMiB);
  Add(8 * kMiB, 9 * kMiB, 2);
  Add(8 * kMiB, 10 * kMiB);
  ASSERT_EQ(plan_.Begin(*info_), nullptr);
  EXPECT_EQ(Left(), (Ranges{{kMiB, 8 * kMiB}, {9 * kMiB, 10 * kMiB}, {10 * kMiB, 16 * kMiB}}));
}

TEST_F(MemoryPlanTest, NothingUsableIsRefused) {
  Add(0, 0x9fc00);
  EXPECT_NE(plan_.Begin(*info_), nullptr);
}

TEST_F(MemoryPlanTest, ReserveTakesTheLowestRoomAboveTheLimit) {
  Add(kMiB, 2 * kMiB);
  Add(4 * kMiB, 8 * kMiB);
  ASSERT_EQ(plan_.Begin(*info_), nullptr);
  EXPECT_EQ(plan_.Reserve(2 * kMiB, kMiB), 4 * kMiB);
  EXPECT_EQ(plan_.Reserve(64 * kKiB, 1536 * kKiB + 1), 1540 * kKiB);
  EXPECT_EQ(plan_.Reserve(16 * kMiB, 0), 0u);
  EXPECT_EQ(Left(), (Ranges{{kMiB, 1540 * kKiB}, {1604 * kKiB, 2 * kMiB}, {6 * kMiB, 8 * kMiB}}));
}

TEST_F(MemoryPlanTest, LowPageIsUsableWholeAndNotInTheNullArea) {
  Add(0x400, 0x9fc00);
  EXPECT_EQ(MemoryPlan::FindLowPage(*info_), 0x10000u);
  BootInfo tight;
  ASSERT_EQ(tight.AddMemory(0x9f400, 0x800, 1), nullptr);
  EXPECT_EQ(MemoryPlan::FindLowPage(tight), 0u);
  ASSERT_EQ(tight.AddMemory(0x6000, 0xa800, 1), nullptr);
  EXPECT_EQ(MemoryPlan::FindLowPage(tight), 0u);
  ASSERT_EQ(tight.AddMemory(0x17001, 0x2000, 1), nullptr);
  EXPECT_EQ(MemoryPlan::FindLowPage(tight), 0x18000u);
}

TEST(BootReserveTest, TakesAlignedPiecesUntilItIsEmpty) {
  BootReserve reserve(0x1000, 0x2000);
  EXPECT_EQ(reserve.Take(0x10, 0x10), reinterpret_cast<void*>(0x1000));
  EXPECT_EQ(reserve.Take(0x1000, 0x1000), reinterpret_cast<void*>(0x2000));
  EXPECT_EQ(reserve.Take(1, 1), nullptr);
}

}  // namespace
}  // namespace toro::baremetal
