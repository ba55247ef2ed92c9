#include "core/memory/partition.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "core/memory/partition_fixture.h"

namespace toro {
namespace {

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
      [](void* context, int, size_t) {
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
  EXPECT_EQ(partition_->StatisticsOf(SizeClassOf(64)).slab_bytes, SlabPages(SizeClassOf(64)) * kPageBytes);
}

TEST_F(PartitionTest, PagesAreReclaimedToo) {
  std::vector<void*> pages;
  while (void* page = partition_->AllocatePages(1)) pages.push_back(page);
  std::pair<Partition*, void*> returned{partition_.get(), pages.back()};
  partition_->SetReclaim(
      [](void* context, int, size_t) {
        auto& r = *static_cast<std::pair<Partition*, void*>*>(context);
        r.first->FreePages(r.second);
        return true;
      },
      &returned);
  EXPECT_EQ(partition_->AllocatePages(1), pages.back());
}

TEST_F(PartitionTest, NobodyIsAskedWhileThereIsANoReclaim) {
  std::vector<void*> pages;
  while (void* page = partition_->AllocatePages(1)) pages.push_back(page);
  int asked = 0;
  partition_->SetReclaim(
      [](void* context, int, size_t) {
        ++*static_cast<int*>(context);
        return false;
      },
      &asked);
  {
    Partition::NoReclaim outer(*partition_);
    { Partition::NoReclaim inner(*partition_); }
    EXPECT_EQ(partition_->AllocatePages(1), nullptr);
    EXPECT_EQ(partition_->Allocate(64), nullptr);
  }
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(partition_->AllocatePages(1), nullptr);
  EXPECT_EQ(asked, 1);
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
      [](void* pointer, int, size_t) {
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

// ---- memory goes back from the slabs ----

TEST_F(PartitionTest, EmptySlabsServeOtherClassesAndLargeRuns) {
  // Class after class uses up everything; without give-back the second would get nothing.
  for (size_t bytes : {16, 64, 100, 1000, 5000, 32768}) {
    std::vector<void*> objects;
    while (void* object = partition_->Allocate(bytes)) objects.push_back(object);
    EXPECT_GT(objects.size() * bytes, kBytes * 8 / 10) << bytes;
    for (void* object : objects) partition_->Free(object);
  }
  EXPECT_NE(partition_->Allocate(kBytes / 2 - 16 * kPageBytes), nullptr);
}

TEST_F(PartitionTest, AllThatIsFreedGoesBackButForALittle) {
  std::vector<void*> objects;
  for (int i = 0; i < 20000; ++i) objects.push_back(partition_->Allocate(200));
  size_t most = partition_->StatisticsOf(SizeClassOf(200)).slab_bytes;
  std::shuffle(objects.begin(), objects.end(), std::mt19937(3));
  for (void* object : objects) partition_->Free(object);
  EXPECT_LT(partition_->StatisticsOf(SizeClassOf(200)).slab_bytes, most / 6);
  EXPECT_TRUE(partition_->GiveBackEmptySlabs());
  EXPECT_EQ(partition_->StatisticsOf(SizeClassOf(200)).slab_bytes, 0u);
  EXPECT_FALSE(partition_->GiveBackEmptySlabs());
}

// Counts how often the slabs of the class are taken or given back.
TEST_F(PartitionTest, NoPatternOfAFewCallsTakesAndGivesBackSlabs) {
  for (size_t bytes : {16, 512, 4096, 32768}) {
    size_t size_class = SizeClassOf(bytes);
    for (int burst : {1, 2, 3, 4}) {
      std::vector<void*> held;
      int changes = 0;
      size_t before = 0;
      for (int round = 0; round < 1000; ++round) {
        // Now one more, then one fewer, at every fill of a slab.
        if (round % 10 == 0) held.push_back(partition_->Allocate(bytes));
        void* objects[4];
        for (int i = 0; i < burst; ++i) objects[i] = partition_->Allocate(bytes);
        for (int i = 0; i < burst; ++i) partition_->Free(objects[i]);
        size_t now = partition_->StatisticsOf(size_class).slab_bytes;
        changes += now != before;
        before = now;
      }
      EXPECT_LE(changes, 101) << bytes << " by " << burst;
      for (void* object : held) partition_->Free(object);
    }
  }
}

TEST_F(PartitionTest, StatisticsOfAClassCountWhatItDid) {
  void* a = partition_->Allocate(100);
  void* b = partition_->Allocate(100);
  partition_->Free(a);
  partition_->FreeReturned(b);
  void* c = partition_->Allocate(112);
  SizeClassStatistics s = partition_->StatisticsOf(SizeClassOf(100));
  EXPECT_EQ(s.object_bytes, 112u);
  EXPECT_EQ(s.allocations, 3u);
  EXPECT_EQ(s.frees, 2u);
  EXPECT_EQ(s.foreign_frees, 1u);
  EXPECT_EQ(s.live, 1u);
  EXPECT_EQ(s.slab_bytes, SlabPages(SizeClassOf(100)) * kPageBytes);
  partition_->Free(c);
}

// ---- exhaustion ----

TEST_F(PartitionTest, EachAllocationCanBeMadeToFail) {
  for (uint64_t n = 0; n < 20; ++n) {
    std::vector<void*> held;
    partition_->FailAfter(n);
    for (int i = 0; i < 24; ++i) {
      void* object = i % 3 == 0   ? partition_->Allocate(64)
                     : i % 3 == 1 ? partition_->Allocate(50000)
                                  : partition_->AllocateAligned(100, 256);
      ASSERT_EQ(object != nullptr, static_cast<uint64_t>(i) < n) << i;
      if (object != nullptr) held.push_back(object);
    }
    EXPECT_EQ(partition_->AllocatePages(2), nullptr);
    partition_->FailAfter(kNever);
    for (void* object : held) partition_->Free(object);
    void* object = partition_->Allocate(64);
    EXPECT_NE(object, nullptr);
    partition_->Free(object);
  }
  EXPECT_EQ(partition_->Statistics().used_bytes, 0u);
}

TEST_F(PartitionTest, AFreeIsTakenByTheNextAllocationAlsoWhileSomeFail) {
  partition_->FailAfter(2);
  void* first = partition_->Allocate(64);
  partition_->Free(first);
  EXPECT_NE(partition_->Allocate(64), nullptr);
  EXPECT_EQ(partition_->Allocate(64), nullptr);
}

TEST_F(PartitionTest, ReclaimIsAskedAttemptAfterAttemptAndNeverInsideOfItself) {
  struct Context {
    Partition* partition;
    int most = 0;
    int depth = 0;
    bool nested = false;
  } context{partition_.get()};
  partition_->SetReclaim(
      [](void* pointer, int attempt, size_t bytes) {
        auto* c = static_cast<Context*>(pointer);
        c->nested |= c->depth != 0;
        ++c->depth;
        EXPECT_EQ(bytes, 7 * kMiB);
        EXPECT_EQ(c->partition->Allocate(7 * kMiB), nullptr);
        --c->depth;
        c->most = attempt;
        return attempt < 4;
      },
      &context);
  EXPECT_EQ(partition_->Allocate(7 * kMiB), nullptr);
  EXPECT_EQ(context.most, 4);
  EXPECT_FALSE(context.nested);
}

TEST_F(PartitionTest, AbsurdSizesGiveNull) {
  for (size_t bytes : {~size_t{0}, ~size_t{0} - 1, ~size_t{0} - kPageBytes, ~size_t{0} - 15, size_t{1} << 63,
                       (size_t{1} << 63) + 1, size_t{1} << 48, kBytes, kBytes / 2 + 1}) {
    EXPECT_EQ(partition_->Allocate(bytes), nullptr) << bytes;
    for (size_t align = 1; align != 0; align *= 2) EXPECT_EQ(partition_->AllocateAligned(bytes, align), nullptr);
  }
  for (size_t align = kBytes * 2; align != 0; align *= 2) EXPECT_EQ(partition_->AllocateAligned(1, align), nullptr);
}

TEST_F(PartitionTest, AlignsUpToWhatThePartitionHolds) {
  size_t given = 0;
  for (size_t align = 1; align <= kBytes; align *= 2) {
    void* object = partition_->AllocateAligned(align, align);
    if (object == nullptr) continue;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % align, 0u);
    partition_->Free(object);
    given = align;
  }
  EXPECT_GE(given, kMiB);
  EXPECT_EQ(partition_->Statistics().used_bytes, 0u);
}

// ---- hardening ----

// ---- a start that does not depend on the size ----

size_t ResidentPages(void* memory, size_t bytes) {
  std::vector<unsigned char> resident(bytes / kPageBytes);
  if (mincore(memory, bytes, resident.data()) != 0) return SIZE_MAX;
  return static_cast<size_t>(std::count_if(resident.begin(), resident.end(), [](unsigned char c) { return c & 1; }));
}

TEST(PartitionStartTest, TouchesNothingAndTheFirstObjectTheSameWhateverTheSize) {
  std::vector<size_t> after_start;
  std::vector<size_t> after_object;
  for (size_t bytes : {16 * kMiB, kGiB, 64 * kGiB}) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    ASSERT_EQ(madvise(memory, bytes, MADV_NOHUGEPAGE), 0);
    PartitionRanges ranges;
    ranges.ranges[0] = {reinterpret_cast<uintptr_t>(memory), bytes};
    ranges.count = 1;
    ranges.bytes = bytes;
    Partition partition(CpuId{0}, ranges, 1);
    after_start.push_back(ResidentPages(memory, bytes));
    *static_cast<char*>(partition.Allocate(64)) = 1;
    after_object.push_back(ResidentPages(memory, bytes));
    munmap(memory, bytes);
  }
  EXPECT_EQ(after_start, std::vector<size_t>(3, 0));
  EXPECT_EQ(after_object, std::vector<size_t>(3, after_object[0]));
  EXPECT_LE(after_object[0], 6u);  // entries, descriptors, and the pages of the first batch
}

}  // namespace
}  // namespace toro
