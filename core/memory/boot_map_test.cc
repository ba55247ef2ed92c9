#include "core/memory/boot_map.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/units.h"
#include "core/memory/owner_table.h"

namespace toro {
namespace {

TEST(BootMapTest, EveryWholeLargePageHasExactlyOneOwner) {
  for (size_t cpus = 1; cpus <= 33; ++cpus) {
    for (size_t mib : {66, 67, 128, 255, 256, 1024}) {
      MemoryRange usable[] = {{0x1000, 0x9e000}, {2 * kMiB + 12345, mib * kMiB}, {4 * kGiB, 3 * kMiB}};
      auto division = std::make_unique<MemoryDivision>();
      Status status = DivideMemory(usable, cpus, *division);
      size_t pages = (mib * kMiB + 2 * kMiB + 12345) / kLargePageBytes - 2 + 1;
      if (pages / cpus == 0) {
        EXPECT_EQ(status, Status::kOutOfMemory);
        continue;
      }
      ASSERT_EQ(status, Status::kOk) << cpus << " CPUs, " << mib << " MiB";
      size_t sum = 0, least = SIZE_MAX, most = 0;
      for (size_t c = 0; c < cpus; ++c) {
        sum += division->partitions[c].bytes;
        least = std::min(least, division->partitions[c].bytes);
        most = std::max(most, division->partitions[c].bytes);
        for (size_t r = 0; r < division->partitions[c].count; ++r) {
          EXPECT_EQ(division->partitions[c].ranges[r].begin % kLargePageBytes, 0u);
        }
      }
      EXPECT_EQ(sum, pages * kLargePageBytes);
      EXPECT_LE(most - least, kLargePageBytes);
      EXPECT_EQ(sum + division->unusable_bytes, 0x9e000 + mib * kMiB + 3 * kMiB);
    }
  }
}

TEST(BootMapTest, OverlappingRangesAreRefused) {
  MemoryRange usable[] = {{0, 8 * kMiB}, {4 * kMiB, 8 * kMiB}};
  auto division = std::make_unique<MemoryDivision>();
  EXPECT_EQ(DivideMemory(usable, 1, *division), Status::kInvalidArgument);
}

TEST(BootMapTest, NeighbouringPiecesMakeOneLargePage) {
  MemoryRange usable[] = {{3 * kMiB, kMiB}, {2 * kMiB, kMiB}};
  auto division = std::make_unique<MemoryDivision>();
  ASSERT_EQ(DivideMemory(usable, 1, *division), Status::kOk);
  EXPECT_EQ(division->partitions[0].bytes, 2 * kMiB);
  EXPECT_EQ(division->unusable_bytes, 0u);
}

TEST(BootMapTest, NoCpuOrTooManyCpusAreRefused) {
  MemoryRange usable[] = {{0, kGiB}};
  auto division = std::make_unique<MemoryDivision>();
  EXPECT_EQ(DivideMemory(usable, 0, *division), Status::kInvalidArgument);
  EXPECT_EQ(DivideMemory(usable, kMaxCpus + 1, *division), Status::kInvalidArgument);
}

TEST(OwnerTableTest, AnswersForEveryAddressInsideAndOutside) {
  MemoryRange usable[] = {{2 * kMiB, 6 * kMiB}, {16 * kMiB, 4 * kMiB}};
  auto division = std::make_unique<MemoryDivision>();
  ASSERT_EQ(DivideMemory(usable, 2, *division), Status::kOk);
  OwnerTable table;
  std::vector<char> memory(OwnerTable::BytesFor(*division));
  table.Fill(*division, memory.data());
  auto owner = [&](uintptr_t address) { return table.OwnerOf(reinterpret_cast<void*>(address)); };
  EXPECT_EQ(owner(0), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(2 * kMiB), 0u);
  EXPECT_EQ(owner(8 * kMiB - 1), 0u);
  EXPECT_EQ(owner(8 * kMiB), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(16 * kMiB), 1u);
  EXPECT_EQ(owner(20 * kMiB - 1), 1u);
  EXPECT_EQ(owner(20 * kMiB), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(~uintptr_t{0}), OwnerTable::kNoOwner);
}

}  // namespace
}  // namespace toro
