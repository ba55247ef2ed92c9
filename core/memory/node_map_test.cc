#include "core/memory/node_map.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/units.h"

namespace toro {
namespace {

std::vector<size_t> Order(const NodeMap& map, size_t cpu, size_t cpus) {
  std::vector<CpuId> order(cpus - 1);
  map.OrderByDistance(CpuId{cpu}, cpus, order.data());
  std::vector<size_t> numbers;
  for (CpuId id : order) numbers.push_back(id.index());
  return numbers;
}

using Numbers = std::vector<size_t>;

TEST(NodeMapTest, WithoutNodesOrderBeginsAtTheNextCpu) {
  EXPECT_EQ(Order(NodeMap(), 0, 4), (Numbers{1, 2, 3}));
  EXPECT_EQ(Order(NodeMap(), 2, 4), (Numbers{3, 0, 1}));
  EXPECT_EQ(Order(NodeMap(), 0, 1), Numbers{});
}

TEST(NodeMapTest, OwnNodeComesFirstThenTheNearer) {
  NodeMap map;
  map.Reset(3);
  for (size_t cpu = 0; cpu < 6; ++cpu) map.cpu_node[cpu] = static_cast<uint8_t>(cpu % 3);
  map.distances[0][1] = 30;
  map.distances[0][2] = 15;
  EXPECT_EQ(Order(map, 0, 6), (Numbers{3, 2, 5, 1, 4}));
  EXPECT_EQ(Order(map, 3, 6), (Numbers{0, 5, 2, 4, 1}));
  EXPECT_EQ(Order(map, 1, 6), (Numbers{4, 2, 3, 5, 0}));
}

TEST(NodeMapTest, CpuInNoNodeIsFarFromAllButItsLike) {
  NodeMap map;
  map.Reset(1);
  map.cpu_node[0] = map.cpu_node[1] = 0;  // 2 and 3 stay in none
  EXPECT_EQ(Order(map, 0, 4), (Numbers{1, 2, 3}));
  EXPECT_EQ(Order(map, 2, 4), (Numbers{3, 0, 1}));
  EXPECT_EQ(map.Distance(map.NodeOf(CpuId{2}), map.NodeOf(CpuId{3})), kLocalDistance);
  EXPECT_EQ(map.Distance(map.NodeOf(CpuId{2}), map.NodeOf(CpuId{0})), kNoDistance);
}

TEST(NodeMapTest, AddressesBelongToTheNodeOfTheirRange) {
  NodeMap map;
  map.Reset(2);
  ASSERT_TRUE(map.Add(1, {4 * kMiB, kMiB}));
  ASSERT_TRUE(map.Add(0, {8 * kMiB, kMiB}));
  EXPECT_EQ(map.NodeOfAddress(4 * kMiB - 1), 2u);
  EXPECT_EQ(map.NodeOfAddress(4 * kMiB), 1u);
  EXPECT_EQ(map.NodeOfAddress(5 * kMiB), 2u);
  EXPECT_EQ(map.NodeOfAddress(9 * kMiB - 1), 0u);
  EXPECT_EQ(map.NextBoundary(0), 4 * kMiB);
  EXPECT_EQ(map.NextBoundary(4 * kMiB), 5 * kMiB);
  EXPECT_EQ(map.NextBoundary(9 * kMiB), UINTPTR_MAX);
}

TEST(NodeMapTest, RangesAreCounted) {
  NodeMap map;
  map.Reset(1);
  for (size_t i = 0; i < kMaxNodeRanges; ++i) ASSERT_TRUE(map.Add(0, {i * kMiB, kMiB}));
  EXPECT_FALSE(map.Add(0, {kGiB, kMiB}));
}

}  // namespace
}  // namespace toro
