#include "core/memory/partition.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace toro {
namespace {

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

TEST_F(PartitionTest, SizeZeroGivesUniquePointers) {
  void* a = partition_->Allocate(0);
  void* b = partition_->Allocate(0);
  EXPECT_NE(a, nullptr);
  EXPECT_NE(a, b);
  partition_->Free(a);
  partition_->Free(b);
  partition_->Free(nullptr);
  EXPECT_EQ(partition_->Statistics().used_bytes, 0u);
}

TEST_F(PartitionTest, ExhaustionReturnsNullAndFreeingMakesRoomAgain) {
  std::vector<char*> objects;
  while (char* object = static_cast<char*>(partition_->Allocate(64))) {
    *object = 1;
    objects.push_back(object);
  }
  EXPECT_GT(objects.size() * 64, kBytes * 9 / 10);
  EXPECT_EQ(partition_->Allocate(64), nullptr);
  partition_->Free(objects.back());
  EXPECT_EQ(partition_->Allocate(64), objects.back());
}

// What a reclaim runs may allocate itself, from the same class.
TEST_F(PartitionTest, AnAllocationInsideOfAReclaimLosesNoMemory) {
  std::vector<void*> pages;
  while (void* page = partition_->AllocatePages(1)) pages.push_back(page);
  struct Returned {
    Partition* partition;
    std::vector<void*>* pages;
    void* inner;
  } returned{partition_.get(), &pages, nullptr};
  partition_->SetReclaim(
      [](void* context) {
        auto& r = *static_cast<Returned*>(context);
        if (r.inner != nullptr) return false;
        for (int i = 0; i < 8; ++i) {
          r.partition->FreePages(r.pages->back());
          r.pages->pop_back();
        }
        r.inner = r.partition->Allocate(64);
        return true;
      },
      &returned);
  void* outer = partition_->Allocate(64);
  EXPECT_NE(outer, nullptr);
  EXPECT_NE(returned.inner, outer);
  EXPECT_EQ(partition_->Statistics().slab_bytes, SlabPages(SizeClassOf(64)) * kPageBytes);
}

TEST_F(PartitionTest, PagesAreReclaimedToo) {
  std::vector<void*> pages;
  while (void* page = partition_->AllocatePages(1)) pages.push_back(page);
  std::pair<Partition*, void*> returned{partition_.get(), pages.back()};
  partition_->SetReclaim(
      [](void* context) {
        auto& r = *static_cast<std::pair<Partition*, void*>*>(context);
        r.first->FreePages(r.second);
        return true;
      },
      &returned);
  EXPECT_EQ(partition_->AllocatePages(1), pages.back());
}

TEST_F(PartitionTest, TooLargeReturnsNull) {
  EXPECT_EQ(partition_->Allocate(2 * kGiB), nullptr);
  EXPECT_EQ(partition_->Allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(partition_->AllocateAligned(16, size_t{1} << 40), nullptr);
}

TEST_F(PartitionTest, HonoursEveryPowerOfTwoAlignment) {
  for (size_t align = 1; align <= 64 * kKiB; align *= 2) {
    for (size_t bytes : {0, 1, 17, 100, 1000, 5000, 33000}) {
      void* object = partition_->AllocateAligned(bytes, align);
      ASSERT_NE(object, nullptr) << bytes << " aligned to " << align;
      EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % align, 0u);
      EXPECT_GE(partition_->UsableBytes(object), bytes);
      partition_->Free(object);
    }
  }
  EXPECT_EQ(partition_->Statistics().used_bytes, 0u);
}

TEST_F(PartitionTest, RandomObjectsKeepTheirContentsAndBytesBalance) {
  struct Live {
    unsigned char* at;
    size_t bytes;
    unsigned char fill;
  };
  std::mt19937 random(7);
  std::vector<Live> live;
  for (int step = 0; step < 100000; ++step) {
    if (live.size() < 300 && random() % 2 == 0) {
      size_t bytes = random() % (random() % 32 == 0 ? 60000 : 2000);
      auto* at = static_cast<unsigned char*>(partition_->Allocate(bytes));
      if (at == nullptr) continue;
      auto fill = static_cast<unsigned char>(random());
      std::memset(at, fill, bytes);
      live.push_back({at, bytes, fill});
    } else if (!live.empty()) {
      size_t i = random() % live.size();
      for (size_t b = 0; b < live[i].bytes; ++b) ASSERT_EQ(live[i].at[b], live[i].fill);
      partition_->Free(live[i].at);
      live[i] = live.back();
      live.pop_back();
    }
  }
  for (auto& object : live) partition_->Free(object.at);
  PartitionStatistics s = partition_->Statistics();
  EXPECT_EQ(s.used_bytes, 0u);
  EXPECT_EQ(s.allocations, s.frees);
}

TEST_F(PartitionTest, ReclaimIsAskedBeforeAnAllocationFails) {
  std::vector<void*> objects;
  while (void* object = partition_->Allocate(1000)) objects.push_back(object);
  struct Context {
    Partition* partition;
    void* object;
    int asked = 0;
  } context{partition_.get(), objects.back()};
  partition_->SetReclaim(
      [](void* pointer) {
        auto* c = static_cast<Context*>(pointer);
        if (c->asked++ > 0) return false;
        c->partition->Free(c->object);
        return true;
      },
      &context);
  EXPECT_EQ(partition_->Allocate(1000), objects.back());
  EXPECT_EQ(partition_->Allocate(1000), nullptr);
  EXPECT_EQ(context.asked, 2);
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
}

TEST_F(PartitionDeathTest, FreeOfAStackAddressIsNamed) {
  int local = 0;
  EXPECT_DEATH(partition_->Free(&local), "no allocation returned");
}

TEST_F(PartitionDeathTest, AlignmentThatIsNoPowerOfTwoIsNamed) {
  EXPECT_DEATH(partition_->AllocateAligned(10, 24), "power of two");
}

}  // namespace
}  // namespace toro
