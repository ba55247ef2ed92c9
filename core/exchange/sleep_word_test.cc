#include "core/exchange/sleep_word.h"

#include <gtest/gtest.h>

#include <vector>

namespace toro {
namespace {

std::vector<size_t> Visited(PendingWakes& pending, bool forget) {
  std::vector<size_t> visited;
  pending.Review([&](CpuId cpu) {
    visited.push_back(cpu.index());
    return forget;
  });
  return visited;
}

TEST(SleepWordTest, CpuMaySleepBetweenAnnounceAndEnd) {
  SleepWord<> word;
  EXPECT_FALSE(word.MaySleep());
  word.AnnounceSleep();
  EXPECT_TRUE(word.MaySleep());
  word.EndSleep();
  EXPECT_FALSE(word.MaySleep());
}

TEST(SleepWordTest, SleepWordsShareNoCacheLines) {
  static_assert(sizeof(SleepWord<>) == kSharedStrideBytes);
  EXPECT_EQ(alignof(SleepWord<>), kSharedStrideBytes);
}

TEST(PendingWakesTest, ReviewVisitsEachRememberedReceiverOnceInOrder) {
  PendingWakes pending;
  EXPECT_TRUE(pending.empty());
  for (size_t cpu : {255, 0, 64, 63, 64}) pending.Remember(CpuId{cpu});
  EXPECT_FALSE(pending.empty());
  EXPECT_EQ(Visited(pending, false), (std::vector<size_t>{0, 63, 64, 255}));
}

TEST(PendingWakesTest, WhatTheLookDoesNotForgetStaysRemembered) {
  PendingWakes pending;
  pending.Remember(CpuId{1});
  pending.Remember(CpuId{2});
  pending.Review([](CpuId cpu) { return cpu == CpuId{1}; });
  EXPECT_EQ(Visited(pending, true), (std::vector<size_t>{2}));
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(Visited(pending, true), (std::vector<size_t>{}));
}

}  // namespace
}  // namespace toro
