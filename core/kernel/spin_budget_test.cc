#include "core/kernel/spin_budget.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

TEST(SpinBudgetTest, LongIdleTimesTakeItToZeroAndItStaysThere) {
  SpinBudget budget;
  EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles);
  for (int i = 1; i < SpinBudget::kHalvings; ++i) {
    budget.Note(SpinBudget::kShortCycles);
    EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles >> i);
  }
  budget.Note(~uint64_t{0});
  EXPECT_EQ(budget.cycles(), 0u);
  budget.Note(SpinBudget::kShortCycles);
  EXPECT_EQ(budget.cycles(), 0u);
}

TEST(SpinBudgetTest, OneIdleTimeThatPollingWouldHaveMetRestoresIt) {
  SpinBudget budget;
  for (int i = 0; i < 10; ++i) budget.Note(SpinBudget::kShortCycles);
  EXPECT_EQ(budget.cycles(), 0u);
  budget.Note(SpinBudget::kShortCycles - 1);
  EXPECT_EQ(budget.cycles(), SpinBudget::kMostCycles);
}

}  // namespace
}  // namespace toro
