#include "core/kernel/return_path.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <vector>

#include "core/kernel/allocation.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

namespace toro {
namespace {

// Two CPUs, which the test steps one after the other.
class ReturnPathTest : public ::testing::Test {
 protected:
  static constexpr size_t kObjects = 5000;
  static constexpr size_t kObjectBytes = kPageBytes;

  ReturnPathTest() {
    constexpr size_t kBytes = 2 * 32 * kMiB;
    void* memory = mmap(nullptr, kBytes + kLargePageBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MemoryRange range{AlignUp(reinterpret_cast<uintptr_t>(memory), kLargePageBytes), kBytes};
    ClusterConfig config;
    config.cpus = 2;
    config.memory = {&range, 1};
    cluster_ = &Cluster::Create(config);
    Enter(0);
    for (size_t i = 0; i < kObjects; ++i) objects_.push_back(AllocateBytes(kObjectBytes));
  }

  Cpu& Enter(size_t cpu) { return cluster_->Enter(CpuId{cpu}); }
  void StepBoth() {
    for (size_t cpu : {1, 0}) Enter(cpu).Step();
  }
  void Protect(int protection) {
    for (void* object : objects_) ASSERT_EQ(mprotect(object, kObjectBytes, protection), 0);
  }

  Cluster* cluster_;
  std::vector<void*> objects_;
};

// I1, and the other half of isolation: objects of others may be out of reach of the CPU that frees them.
TEST_F(ReturnPathTest, AFreeTouchesNothingOfTheObjectEvenWhenTheChannelIsFull) {
  Protect(PROT_NONE);
  Cpu& far = Enter(1);
  for (void* object : objects_) FreeBytes(object);
  EXPECT_GT(far.return_path().counters().waited, 0u);
  Protect(PROT_READ | PROT_WRITE);
  while (far.return_path().counters().waiting > 0) StepBoth();
  for (int i = 0; i < 10; ++i) StepBoth();
  EXPECT_EQ(Enter(0).return_path().counters().returned, kObjects);
  EXPECT_EQ(Enter(0).partition().StatisticsOf(SizeClassOf(kObjectBytes)).live, 0u);
  EXPECT_EQ(Enter(0).partition().StatisticsOf(SizeClassOf(kObjectBytes)).foreign_frees, kObjects);
}

// I5.
TEST_F(ReturnPathTest, WhatComesHomeIsFreedAStepLater) {
  Enter(1);
  for (size_t i = 0; i < 10; ++i) FreeBytes(objects_[i]);
  StepBoth();
  Cpu& home = Enter(0);
  EXPECT_EQ(home.return_path().counters().returned, 0u);
  EXPECT_TRUE(home.return_path().arrived());
  EXPECT_TRUE(home.Step());
  EXPECT_EQ(home.return_path().counters().returned, 10u);
  EXPECT_FALSE(home.return_path().arrived());
  EXPECT_FALSE(home.Step());
}

// I2, I3.
TEST_F(ReturnPathTest, WhatIsUnderWayIsBoundedAndWhatWaitsIsCounted) {
  Cpu& far = Enter(1);
  for (void* object : objects_) FreeBytes(object);
  const ReturnPath::Counters& counters = far.return_path().counters();
  EXPECT_EQ(counters.given, kObjects);
  EXPECT_EQ(counters.waiting, kObjects - ReturnPath::kMostUnderWay);
  EXPECT_EQ(counters.most_waiting, counters.waiting);
  EXPECT_EQ(counters.waited, counters.waiting);
  for (size_t returned = 0; counters.waiting > 0; returned = Enter(0).return_path().counters().returned) {
    EXPECT_LE(counters.given - counters.waiting - returned, ReturnPath::kMostUnderWay);
    StepBoth();
  }
}

// I3: what waits is remembered in memory of the CPU that frees, and that memory comes back.
TEST_F(ReturnPathTest, TheMemoryOfWhatWaitsComesBack) {
  size_t before = Enter(1).partition().Statistics().used_bytes;
  for (void* object : objects_) FreeBytes(object);
  EXPECT_GT(Enter(1).partition().Statistics().used_bytes, before + kObjects * sizeof(void*) * 8 / 10);
  EXPECT_LT(Enter(1).partition().Statistics().used_bytes, before + kObjects * sizeof(void*) * 11 / 10);
  for (int i = 0; i < 200; ++i) StepBoth();
  EXPECT_EQ(Enter(1).partition().Statistics().used_bytes, before);
}

// I4.
TEST_F(ReturnPathTest, TheReserveServesACpuWithoutMemory) {
  Cpu& far = Enter(1);
  far.partition().FailAfter(0);
  size_t most = ReturnPath::kMostUnderWay + ReturnPath::kReserveObjects;
  for (size_t i = 0; i < most; ++i) FreeBytes(objects_[i]);
  far.partition().FailAfter(kNever);
  for (int i = 0; i < 200; ++i) StepBoth();
  EXPECT_EQ(Enter(0).return_path().counters().returned, most);
}

using ReturnPathDeathTest = ReturnPathTest;

TEST_F(ReturnPathDeathTest, BeyondTheReserveACpuThatMayNotWaitIsStopped) {
  Enter(1).partition().FailAfter(0);
  EXPECT_DEATH(for (void* object : objects_) FreeBytes(object);, "no memory to remember an object that goes home");
}

TEST_F(ReturnPathDeathTest, AForeignDoubleFreeIsNamedAtHome) {
  Enter(1);
  FreeBytes(objects_[0]);
  FreeBytes(objects_[0]);
  EXPECT_DEATH(StepBoth(); StepBoth(), "double free");
}

// The size of a live object is read without its owner, and needs nothing that the owner changes meanwhile.
TEST_F(ReturnPathTest, TheSizeOfAnObjectIsKnownEverywhere) {
  Enter(0);
  void* large = AllocateBytes(100 * kKiB);
  void* guarded = AllocateBytes(kMiB);
  Enter(1);
  EXPECT_EQ(UsableBytes(objects_[0]), kObjectBytes);
  EXPECT_EQ(UsableBytes(large), 100 * kKiB);
  EXPECT_EQ(UsableBytes(guarded), kMiB);
}

}  // namespace
}  // namespace toro
