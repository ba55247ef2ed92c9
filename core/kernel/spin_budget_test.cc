#include "core/kernel/spin_budget.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

TEST(SpinBudgetTest, LongIdleTimesTakeItToZeroAndItStaysThere) {
  SpinBudget budget;
  EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles);
  for (int i = 1; i < SpinBudget::kHalvings; ++i) {
    budget.Note(SpinBudget::kShortCycles, true);
    EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles >> i);
  }
  budget.Note(~uint64_t{0}, true);
  EXPECT_EQ(budget.cycles(), 0u);
  budget.Note(SpinBudget::kShortCycles, true);
  EXPECT_EQ(budget.cycles(), 0u);
}

TEST(SpinBudgetTest, OneIdleTimeThatPollingWouldHaveMetRestoresIt) {
  SpinBudget budget;
  for (int i = 0; i < 10; ++i) budget.Note(SpinBudget::kShortCycles, true);
  EXPECT_EQ(budget.cycles(), 0u);
  budget.Note(SpinBudget::kShortCycles - 1, true);
  EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles);
}

TEST(SpinBudgetTest, AnIdleTimeThatATimerEndedIsNoReasonToPollHoweverShort) {
  SpinBudget budget;
  for (int i = 1; i < SpinBudget::kHalvings; ++i) {
    budget.Note(1, false);
    EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles >> i);
  }
  budget.Note(1, false);
  EXPECT_EQ(budget.cycles(), 0u);
}

}  // namespace
}  // namespace toro
