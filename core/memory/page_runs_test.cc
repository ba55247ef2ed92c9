#include "core/memory/page_runs.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "core/memory/test_memory.h"

namespace toro {
namespace {

class PageRunsTest : public ::testing::Test {
 protected:
  static constexpr size_t kBytes = 4 * kMiB;

  TestMemory memory_{kBytes};
  std::unique_ptr<PageRuns> runs_ = std::make_unique<PageRuns>(memory_.ranges());
};

TEST_F(PageRunsTest, FreedNeighboursCoalesceIntoOneRun) {
  size_t all = runs_->total_pages();
  void* a = runs_->Allocate(all / 3);
  void* b = runs_->Allocate(all / 3);
  void* c = runs_->Allocate(all - all / 3 * 2);
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(runs_->Allocate(1), nullptr);
  runs_->Free(a);
  runs_->Free(c);
  runs_->Free(b);
  EXPECT_EQ(runs_->used_pages(), 0u);
  EXPECT_EQ(runs_->Allocate(all), a);
}

TEST_F(PageRunsTest, ARunMayLieOnBothSidesOfTheFrontier) {
  size_t all = runs_->total_pages();
  void* kept = runs_->Allocate(1);
  void* below = runs_->Allocate(all / 2);
  runs_->Free(below);
  EXPECT_EQ(runs_->Allocate(all - 1), below);
  EXPECT_EQ(runs_->used_pages(), all);
  runs_->Free(below);
  runs_->Free(kept);
  EXPECT_EQ(runs_->Allocate(all), kept);
}

TEST_F(PageRunsTest, AlignedRunsGiveBackWhatTheySkipped) {
  void* one = runs_->Allocate(1);
  void* aligned = runs_->Allocate(3, 64 * kPageBytes);
  ASSERT_NE(aligned, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned) % (64 * kPageBytes), 0u);
  EXPECT_EQ(runs_->used_pages(), 4u);
  runs_->Free(aligned);
  runs_->Free(one);
  EXPECT_NE(runs_->Allocate(runs_->total_pages() - 70), nullptr);
}

TEST_F(PageRunsTest, RandomRunsNeverOverlapAndAllComeBack) {
  std::mt19937 random(1);
  std::map<char*, size_t> live;
  for (int step = 0; step < 20000; ++step) {
    if (live.empty() || random() % 2 == 0) {
      size_t pages = 1 + random() % (random() % 8 == 0 ? 100 : 6);
      char* run = static_cast<char*>(runs_->Allocate(pages, random() % 16 == 0 ? 8 * kPageBytes : kPageBytes));
      if (run == nullptr) continue;
      auto next = live.lower_bound(run);
      if (next != live.end()) {
        ASSERT_LE(run + pages * kPageBytes, next->first);
      }
      if (next != live.begin()) {
        ASSERT_LE(std::prev(next)->first + std::prev(next)->second * kPageBytes, run);
      }
      live[run] = pages;
    } else {
      auto victim = std::next(live.begin(), static_cast<long>(random() % live.size()));
      runs_->Free(victim->first);
      live.erase(victim);
    }
  }
  for (auto& [run, pages] : live) runs_->Free(run);
  EXPECT_EQ(runs_->used_pages(), 0u);
}

using PageRunsDeathTest = PageRunsTest;

TEST_F(PageRunsDeathTest, FreeingARunTwiceIsNamed) {
  void* run = runs_->Allocate(2);
  runs_->Free(run);
  EXPECT_DEATH(runs_->Free(run), "double free");
}

TEST_F(PageRunsDeathTest, FreeingAForeignPointerIsNamed) {
  int local = 0;
  EXPECT_DEATH(runs_->Free(&local), "no allocation returned");
}

}  // namespace
}  // namespace toro
