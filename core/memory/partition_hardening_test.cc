// What the partition does against misuse: encoded links, marks, the order of objects, guard pages, and the names of
// errors.
#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "core/memory/partition_fixture.h"

namespace toro {
namespace {

TEST_F(PartitionTest, TheOrderOfObjectsDependsOnTheSecret) {
  auto order = [this](uint64_t secret) {
    Partition partition(CpuId{0}, memory_.whole(), secret);
    std::vector<uintptr_t> addresses;
    for (int i = 0; i < 64; ++i) addresses.push_back(reinterpret_cast<uintptr_t>(partition.Allocate(256)));
    return addresses;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  std::vector<uintptr_t> sorted = order(1);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  EXPECT_EQ(sorted.back() - sorted.front(), 63u * 256);
}

TEST_F(PartitionTest, EveryObjectOfEverySlabComesOnce) {
  for (size_t c = 0; c < kSizeClasses; ++c) {
    size_t bytes = SizeClassBytes(c);
    size_t objects = SlabPages(c) * kPageBytes / bytes;
    std::set<char*> seen;
    for (size_t i = 0; i < objects; ++i) seen.insert(static_cast<char*>(partition_->Allocate(bytes)));
    ASSERT_EQ(seen.size(), objects) << bytes;
    ASSERT_EQ(static_cast<size_t>(*seen.rbegin() - *seen.begin()), (objects - 1) * bytes);
    ASSERT_EQ(partition_->StatisticsOf(c).slab_bytes, SlabPages(c) * kPageBytes);
    for (char* object : seen) partition_->Free(object);
  }
}

TEST_F(PartitionTest, LinksInFreeObjectsSayNothing) {
  void* a = partition_->Allocate(64);
  void* b = partition_->Allocate(64);
  partition_->Free(a);
  partition_->Free(b);
  uint64_t words[2];
  std::memcpy(words, b, sizeof words);
  EXPECT_NE(words[0], reinterpret_cast<uintptr_t>(a));
  EXPECT_NE(words[0] >> 32, reinterpret_cast<uintptr_t>(a) >> 32);
}

TEST_F(PartitionTest, LargeRunsHaveGuardPages) {
  char* object = static_cast<char*>(partition_->Allocate(Partition::kGuardedBytes));
  ASSERT_NE(object, nullptr);
  std::memset(object, 1, Partition::kGuardedBytes);
  EXPECT_EQ(partition_->UsableBytes(object), Partition::kGuardedBytes);
  EXPECT_DEATH(object[-1] = 1, "");
  EXPECT_DEATH(object[Partition::kGuardedBytes] = 1, "");
  EXPECT_EQ(partition_->Statistics().guarded_runs, 1u);
  partition_->Free(object);
  EXPECT_EQ(partition_->Statistics().used_bytes, 0u);
  EXPECT_TRUE(partition_->GiveBackEmptySlabs());
  std::memset(object - 1, 1, Partition::kGuardedBytes + 2);
  EXPECT_FALSE(partition_->GiveBackEmptySlabs());
}

TEST_F(PartitionTest, AFreedGuardedRunServesTheNextOfItsSizeWithItsGuards) {
  constexpr size_t kRun = Partition::kGuardedBytes + 16 * kPageBytes;
  char* object = static_cast<char*>(partition_->Allocate(kRun));
  partition_->Free(object);
  EXPECT_DEATH(object[-1] = 1, "");
  EXPECT_NE(partition_->Allocate(kRun + kPageBytes), object);  // too short
  char* shorter = static_cast<char*>(partition_->Allocate(Partition::kGuardedBytes));
  EXPECT_EQ(shorter, object);
  EXPECT_EQ(partition_->UsableBytes(shorter), kRun);
  EXPECT_EQ(partition_->Statistics().used_bytes, 2 * kRun + kPageBytes);
  EXPECT_EQ(partition_->Statistics().guarded_runs, 3u);
  EXPECT_DEATH(shorter[kRun] = 1, "");
  partition_->Free(shorter);
  EXPECT_NE(partition_->AllocateAligned(Partition::kGuardedBytes, kMiB), object);
}

TEST_F(PartitionTest, WhatIsKeptIsBoundedAndGivenBackWhenItIsNeeded) {
  // A quarter of the partition is just below 2 MiB: one run of 1 MiB is kept, the one that was freed last.
  char* first = static_cast<char*>(partition_->Allocate(Partition::kGuardedBytes));
  char* second = static_cast<char*>(partition_->Allocate(Partition::kGuardedBytes));
  partition_->Free(first);
  partition_->Free(second);
  std::memset(first - 1, 1, Partition::kGuardedBytes);
  EXPECT_DEATH(second[-1] = 1, "");
  EXPECT_NE(partition_->Allocate(kBytes / 2 - 16 * kPageBytes), nullptr);
  EXPECT_NE(partition_->Allocate(kBytes / 2 - 16 * kPageBytes), nullptr);
  EXPECT_EQ(partition_->Statistics().unguarded_runs, 0u);
}

TEST_F(PartitionTest, WithoutRoomForGuardsALargeRunGoesWithoutAndIsCounted) {
  size_t half = kBytes / 2 / kPageBytes;
  size_t bytes = (half - PageRuns::TablePages(half)) * kPageBytes;
  EXPECT_NE(partition_->Allocate(bytes), nullptr);
  EXPECT_EQ(partition_->Statistics().guarded_runs, 0u);
  EXPECT_EQ(partition_->Statistics().unguarded_runs, 1u);
}

using PartitionDeathTest = PartitionTest;

TEST_F(PartitionDeathTest, DoubleFreeOfASmallObjectIsNamed) {
  void* object = partition_->Allocate(64);
  partition_->Free(object);
  EXPECT_DEATH(partition_->Free(object), "double free: this object is free already");
}

TEST_F(PartitionDeathTest, DoubleFreeOfALargeObjectIsNamed) {
  void* object = partition_->Allocate(100000);
  partition_->Free(object);
  EXPECT_DEATH(partition_->Free(object), "double free");
  char* guarded = static_cast<char*>(partition_->Allocate(Partition::kGuardedBytes));
  partition_->Free(guarded);
  EXPECT_DEATH(partition_->Free(guarded), "double free");
  EXPECT_DEATH(partition_->Free(guarded + kPageBytes), "double free");
}

TEST_F(PartitionDeathTest, FreeOfAForeignPointerIsNamed) {
  int local = 0;
  EXPECT_DEATH(partition_->Free(&local), "no allocation returned");
}

TEST_F(PartitionDeathTest, FreeOfAStackAddressIsNamed) {
  char* stack = static_cast<char*>(partition_->AllocatePages(4));
  EXPECT_DEATH(partition_->Free(stack), "address on a thread's stack");
  EXPECT_DEATH(partition_->Free(stack + 2 * kPageBytes + 128), "address on a thread's stack");
}

TEST_F(PartitionDeathTest, TheMiddleOfAnObjectIsNamed) {
  for (size_t bytes : {32, 48, 112, 1000, 5000, 32768}) {
    char* object = static_cast<char*>(partition_->Allocate(bytes));
    EXPECT_DEATH(partition_->Free(object + 16), "in the middle of an object");
    EXPECT_DEATH(partition_->Free(object + 1), "in the middle of an object");
  }
  char* large = static_cast<char*>(partition_->Allocate(100000));
  EXPECT_DEATH(partition_->Free(large + kPageBytes), "in the middle of a large object");
  EXPECT_DEATH(partition_->Free(large + 16), "in the middle of a large object");
  char* guarded = static_cast<char*>(partition_->Allocate(Partition::kGuardedBytes));
  EXPECT_DEATH(partition_->Free(guarded + kPageBytes), "in the middle of a large object");
  EXPECT_DEATH(partition_->Free(guarded + 16), "in the middle of a large object");
}

TEST_F(PartitionDeathTest, AnotherSizeThanWasAllocatedIsNamed) {
  void* object = partition_->Allocate(64);
  EXPECT_DEATH(partition_->FreeIfSmallSized(object, 65), "another size than was allocated");
  EXPECT_TRUE(partition_->FreeIfSmallSized(object, 60));
}

TEST_F(PartitionDeathTest, ADoubleFreeIsNamedWhereverTheObjectWaits) {
  std::vector<void*> objects;
  for (int i = 0; i < 5000; ++i) objects.push_back(partition_->Allocate(128));
  for (size_t i = 1; i < objects.size(); i += 2) partition_->Free(objects[i]);  // no slab becomes empty
  for (size_t i = 1; i < objects.size(); i += 1000) EXPECT_DEATH(partition_->Free(objects[i]), "double free");
  for (size_t i = 0; i < objects.size(); i += 2) partition_->Free(objects[i]);
  partition_->GiveBackEmptySlabs();
  EXPECT_DEATH(partition_->Free(objects[1]), "double free|no allocation returned");
}

TEST_F(PartitionDeathTest, AWriteToAFreeObjectIsNamedBeforeItsLinkIsUsed) {
  auto* object = static_cast<uint64_t*>(partition_->Allocate(64));
  partition_->Free(object);
  object[0] = object[1] = 0x4141414141414141;
  EXPECT_DEATH(partition_->Allocate(64), "a free object was written to");
}

TEST_F(PartitionDeathTest, AlignmentThatIsNoPowerOfTwoIsNamed) {
  EXPECT_DEATH(partition_->AllocateAligned(10, 24), "power of two");
}

}  // namespace
}  // namespace toro
