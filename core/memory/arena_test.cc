#include "core/memory/arena.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace toro {
namespace {

// What a source has handed out and not got back. Refuses beyond `limit`.
std::map<void*, size_t> taken;
size_t limit = SIZE_MAX;

void* TakeFromHost(size_t bytes) {
  if (taken.size() >= limit) return nullptr;
  void* chunk = std::aligned_alloc(16, AlignUp(bytes, 16));
  taken[chunk] = bytes;
  return chunk;
}

void GiveToHost(void* chunk, size_t bytes) {
  ASSERT_EQ(taken.count(chunk), 1u);
  ASSERT_EQ(taken[chunk], bytes);
  taken.erase(chunk);
  std::memset(chunk, 0xdd, bytes);
  std::free(chunk);
}

constexpr ArenaSource kHost{&TakeFromHost, &GiveToHost};

size_t TakenBytes() {
  size_t sum = 0;
  for (auto& [chunk, bytes] : taken) sum += bytes;
  return sum;
}

class ArenaTest : public ::testing::Test {
 protected:
  ~ArenaTest() override {
    limit = SIZE_MAX;
    EXPECT_TRUE(taken.empty());
  }
};

TEST_F(ArenaTest, TakesNothingBeforeTheFirstByteIsAskedFor) {
  Arena arena(kHost);
  EXPECT_TRUE(taken.empty());
  EXPECT_NE(arena.Allocate(0), nullptr);
  EXPECT_EQ(TakenBytes(), Arena::kFirstChunkBytes);
}

TEST_F(ArenaTest, EverythingIsDisjointAlignedAndGoneAtOnce) {
  Arena arena(kHost);
  std::mt19937 random(3);
  std::map<uintptr_t, uintptr_t> spans;
  size_t asked = 0;
  for (int i = 0; i < 20000; ++i) {
    size_t bytes = random() % (random() % 64 == 0 ? 100000 : 300);
    size_t align = size_t{1} << random() % 13;
    auto at = reinterpret_cast<uintptr_t>(arena.Allocate(bytes, align));
    ASSERT_NE(at, 0u);
    ASSERT_EQ(at % align, 0u);
    std::memset(reinterpret_cast<void*>(at), 1, bytes);
    auto next = spans.lower_bound(at);
    ASSERT_TRUE(next == spans.end() || next->first >= at + bytes);
    ASSERT_TRUE(next == spans.begin() || std::prev(next)->second <= at);
    spans[at] = at + std::max<size_t>(bytes, 1);
    asked += bytes;
  }
  EXPECT_EQ(arena.held_bytes(), TakenBytes());
  arena.Release();
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(arena.held_bytes(), 0u);
}

TEST_F(ArenaTest, AboutHalfIsUsedWhateverIsAsked) {
  for (size_t bytes : {1, 16, 100, 1000, 1100, 3000, 20000, 70000}) {
    Arena arena(kHost);
    size_t asked = 0;
    while (asked < kMiB) {
      ASSERT_NE(arena.Allocate(bytes, 1), nullptr);
      asked += bytes;
    }
    EXPECT_LE(TakenBytes(), 2 * asked + 2 * Arena::kLargestChunkBytes) << bytes;
  }
}

TEST_F(ArenaTest, ScratchScopesNestAndGiveBackWhatWasTakenSince) {
  Arena arena(kHost);
  void* kept = arena.Allocate(100);
  std::memset(kept, 7, 100);
  struct Nested {
    static void Enter(Arena& arena, int depth) {
      if (depth == 0) return;
      size_t before = arena.held_bytes();
      {
        ScratchScope scope(arena);
        std::memset(scope.Allocate(500), depth, 500);
        std::memset(scope.Allocate(200000), depth, 200000);
        Enter(arena, depth - 1);
      }
      // One emptied chunk may be kept (I4).
      EXPECT_LE(arena.held_bytes(), before + Arena::kLargestChunkBytes);
    }
  };
  Nested::Enter(arena, 300);
  EXPECT_EQ(arena.depth(), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(static_cast<char*>(kept)[i], 7);
  EXPECT_EQ(taken.size(), 2u);  // the first chunk and the spare one
}

TEST_F(ArenaTest, AMarkAtTheEndOfAChunkCostsNoAllocationEachTime) {
  Arena arena(kHost);
  (void)arena.Allocate(Arena::kFirstChunkBytes - 100);
  void* first = nullptr;
  for (int i = 0; i < 5; ++i) {
    ScratchScope scope(arena);
    void* object = scope.Allocate(200);
    if (first == nullptr) first = object;
    EXPECT_EQ(object, first);
    EXPECT_EQ(taken.size(), 2u);
  }
}

TEST_F(ArenaTest, ExhaustionGivesNullAndLosesNothing) {
  Arena arena(kHost);
  limit = 1;
  size_t count = 0;
  while (arena.Allocate(100) != nullptr) ++count;
  EXPECT_EQ(count, (Arena::kFirstChunkBytes - 16) / 112);
  EXPECT_EQ(arena.Allocate(5000), nullptr);
  EXPECT_EQ(arena.Allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(arena.Allocate(SIZE_MAX - 20), nullptr);
  EXPECT_NE(arena.Allocate(1, 1), nullptr);
  limit = SIZE_MAX;
  EXPECT_NE(arena.Allocate(5000), nullptr);
}

TEST_F(ArenaTest, AnOwnerThatEndsLeavesNothingOpen) {
  Arena arena(kHost);
  (void)arena.MakeMark();
  (void)arena.Allocate(10);
  arena.EndOwner();
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(arena.depth(), 0u);
}

using ArenaDeathTest = ArenaTest;

TEST_F(ArenaDeathTest, ReleaseOutOfOrderIsNamed) {
  Arena arena(kHost);
  Arena::Mark outer = arena.MakeMark();
  Arena::Mark inner = arena.MakeMark();
  EXPECT_DEATH(arena.ReleaseTo(outer), "out of order");
  arena.ReleaseTo(inner);
  EXPECT_DEATH(arena.ReleaseTo(inner), "out of order");
  EXPECT_DEATH(arena.Release(), "scratch memory of it is in use");
  arena.ReleaseTo(outer);
}

TEST_F(ArenaDeathTest, UseByAnotherStackIsNamed) {
  char elsewhere[64];
  Arena arena(kHost, elsewhere, sizeof elsewhere);
  EXPECT_DEATH(arena.Allocate(1), "used by another thread");
  EXPECT_DEATH((void)arena.MakeMark(), "used by another thread");
}

TEST_F(ArenaDeathTest, UseOnAnotherCpuIsNamed) {
  Arena arena(kHost);
  EXPECT_DEATH(
      {
        int other_cpu = 0;
        Machine::SetCurrentCpuAnchor(&other_cpu);
        arena.Allocate(1);
      },
      "another CPU");
}

TEST_F(ArenaDeathTest, WrongAlignmentIsNamed) {
  Arena arena(kHost);
  EXPECT_DEATH(arena.Allocate(1, 48), "power of two");
  EXPECT_DEATH(arena.Allocate(1, 0), "power of two");
  EXPECT_DEATH(arena.Allocate(1, 2 * kPageBytes), "a page at most");
}

}  // namespace
}  // namespace toro
