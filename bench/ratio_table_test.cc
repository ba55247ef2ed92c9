#include "bench/ratio_table.h"

#include <gtest/gtest.h>

namespace toro::bench {
namespace {

Sample GoodSample(Placement placement, double operation_ns, double ping_pong_ns) {
  Sample sample;
  sample.placement = placement;
  sample.operation_ns = operation_ns;
  sample.ping_pong_ns = ping_pong_ns;
  return sample;
}

Group TwoPeers() {
  Group group;
  group.name = "group";
  group.contenders = {
      {"ours", Role::kOurs, {}, {}},
      {"limit", Role::kLimit, {}, {}},
      {"slow", Role::kPeer, {}, {}},
      {"fast", Role::kPeer, {}, {}},
  };
  group.goals = {{"goal", "ours", "", 2}};
  return group;
}

void AddTimes(GroupSeries& series, const char* name, Placement placement, double operation_ns, size_t times) {
  for (size_t i = 0; i < times; ++i) series[name].Add(GoodSample(placement, operation_ns, 100));
}

TEST(SeriesTest, MedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(Median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(Median({9, 1, 5}), 5);
}

TEST(SeriesTest, CostOfABracketedSampleIsTheRatioToItsOwnPingPong) {
  Series series;
  series.Add(GoodSample(Placement::kSharedCache, 150, 100));
  EXPECT_EQ(series.At(Placement::kSharedCache).cost, 1.5);
  EXPECT_EQ(series.At(Placement::kSharedCache).operation_ns, 150);
}

TEST(SeriesTest, SampleThatIsNotGoodIsCountedAndLeftOut) {
  Series series;
  Sample moved = GoodSample(Placement::kFar, 1, 1);
  moved.verdict = Verdict::kMoved;
  moved.moved = 6;
  series.Add(moved);
  EXPECT_TRUE(series.Placements().empty());
  EXPECT_EQ(series.moved(), 6);
}

TEST(RatioTableTest, OursIsComparedWithTheFastestPeerAndNotWithTheLimit) {
  GroupSeries series;
  AddTimes(series, "ours", Placement::kOneCpu, 10, 5);
  AddTimes(series, "limit", Placement::kOneCpu, 1, 5);
  AddTimes(series, "slow", Placement::kOneCpu, 90, 5);
  AddTimes(series, "fast", Placement::kOneCpu, 30, 5);
  std::vector<RatioLine> lines = CompareGroup(TwoPeers(), series);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].against, "fast");
  EXPECT_EQ(lines[0].ratio, 3);
  EXPECT_EQ(lines[0].reached, Reached::kYes);
}

TEST(RatioTableTest, PlacementsAreComparedApart) {
  GroupSeries series;
  AddTimes(series, "ours", Placement::kSameCore, 10, 5);
  AddTimes(series, "fast", Placement::kSameCore, 10, 5);
  AddTimes(series, "ours", Placement::kFar, 10, 5);
  AddTimes(series, "fast", Placement::kFar, 40, 5);
  std::vector<RatioLine> lines = CompareGroup(TwoPeers(), series);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].reached, Reached::kNo);
  EXPECT_EQ(lines[1].reached, Reached::kYes);
}

TEST(RatioTableTest, FewSamplesSettleNothing) {
  GroupSeries series;
  AddTimes(series, "ours", Placement::kOneCpu, 10, kLeastSamples - 1);
  AddTimes(series, "fast", Placement::kOneCpu, 90, 5);
  std::vector<RatioLine> lines = CompareGroup(TwoPeers(), series);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].reached, Reached::kTooFewSamples);
}

TEST(RatioTableTest, NoLineWhereOnlyOneSideHasSamples) {
  GroupSeries series;
  AddTimes(series, "ours", Placement::kSameCore, 10, 5);
  AddTimes(series, "fast", Placement::kFar, 10, 5);
  EXPECT_TRUE(CompareGroup(TwoPeers(), series).empty());
}

TEST(BracketTest, RoundTripTellsThePlacement) {
  EXPECT_EQ(PlacementOf(55), Placement::kSameCore);
  EXPECT_EQ(PlacementOf(125), Placement::kSharedCache);
  EXPECT_EQ(PlacementOf(565), Placement::kFar);
}

}  // namespace
}  // namespace toro::bench
