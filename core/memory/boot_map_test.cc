#include "core/memory/boot_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/base/units.h"
#include "core/memory/owner_table.h"

namespace toro {
namespace {

TEST(BootMapTest, EveryWholeLargePageHasExactlyOneOwner) {
  for (size_t cpus = 1; cpus <= 33; ++cpus) {
    for (size_t mib : {66, 67, 128, 255, 256, 1024}) {
      MemoryRange usable[] = {{0x1000, 0x9e000}, {2 * kMiB + 12345, mib * kMiB}, {4 * kGiB, 3 * kMiB}};
      auto division = std::make_unique<MemoryDivision>();
      Status status = DivideMemory(usable, cpus, NodeMap(), *division);
      size_t pages = (mib * kMiB + 2 * kMiB + 12345) / kLargePageBytes - 2 + 1;
      if (pages / cpus == 0) {
        EXPECT_EQ(status, Status::kOutOfMemory);
        continue;
      }
      ASSERT_EQ(status, Status::kOk) << cpus << " CPUs, " << mib << " MiB";
      size_t sum = 0, least = SIZE_MAX, most = 0;
      for (size_t c = 0; c < cpus; ++c) {
        sum += division->partitions[c].bytes;
        least = std::min(least, division->partitions[c].bytes);
        most = std::max(most, division->partitions[c].bytes);
        for (size_t r = 0; r < division->partitions[c].count; ++r) {
          EXPECT_EQ(division->partitions[c].ranges[r].begin % kLargePageBytes, 0u);
        }
      }
      EXPECT_EQ(sum, pages * kLargePageBytes);
      EXPECT_LE(most - least, kLargePageBytes);
      EXPECT_EQ(sum + division->unusable_bytes, 0x9e000 + mib * kMiB + 3 * kMiB);
    }
  }
}

TEST(BootMapTest, OverlappingRangesAreRefused) {
  MemoryRange usable[] = {{0, 8 * kMiB}, {4 * kMiB, 8 * kMiB}};
  auto division = std::make_unique<MemoryDivision>();
  EXPECT_EQ(DivideMemory(usable, 1, NodeMap(), *division), Status::kInvalidArgument);
}

TEST(BootMapTest, NeighbouringPiecesMakeOneLargePage) {
  MemoryRange usable[] = {{3 * kMiB, kMiB}, {2 * kMiB, kMiB}};
  auto division = std::make_unique<MemoryDivision>();
  ASSERT_EQ(DivideMemory(usable, 1, NodeMap(), *division), Status::kOk);
  EXPECT_EQ(division->partitions[0].bytes, 2 * kMiB);
  EXPECT_EQ(division->unusable_bytes, 0u);
}

TEST(BootMapTest, NoCpuOrTooManyCpusAreRefused) {
  MemoryRange usable[] = {{0, kGiB}};
  auto division = std::make_unique<MemoryDivision>();
  EXPECT_EQ(DivideMemory(usable, 0, NodeMap(), *division), Status::kInvalidArgument);
  EXPECT_EQ(DivideMemory(usable, kMaxCpus + 1, NodeMap(), *division), Status::kInvalidArgument);
}

TEST(OwnerTableTest, AnswersForEveryAddressInsideAndOutside) {
  MemoryRange usable[] = {{2 * kMiB, 6 * kMiB}, {16 * kMiB, 4 * kMiB}};
  auto division = std::make_unique<MemoryDivision>();
  ASSERT_EQ(DivideMemory(usable, 2, NodeMap(), *division), Status::kOk);
  OwnerTable table;
  std::vector<char> memory(OwnerTable::BytesFor(*division));
  table.Fill(*division, memory.data());
  auto owner = [&](uintptr_t address) { return table.OwnerOf(reinterpret_cast<void*>(address)); };
  EXPECT_EQ(owner(0), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(2 * kMiB), 0u);
  EXPECT_EQ(owner(8 * kMiB - 1), 0u);
  EXPECT_EQ(owner(8 * kMiB), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(16 * kMiB), 1u);
  EXPECT_EQ(owner(20 * kMiB - 1), 1u);
  EXPECT_EQ(owner(20 * kMiB), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(~uintptr_t{0}), OwnerTable::kNoOwner);
}

TEST(OwnerTableTest, FirstAndLastCpuNeedNotHaveTheFirstAndLastMemory) {
  auto division = std::make_unique<MemoryDivision>();
  division->cpus = 2;
  division->partitions[0] = {.ranges = {{16 * kMiB, 2 * kMiB}, {4 * kMiB + 4096, 2 * kMiB - 4096}}, .count = 2};
  division->partitions[1] = {.ranges = {{8 * kMiB, 4 * kMiB}}, .count = 1};
  OwnerTable table;
  std::vector<char> memory(OwnerTable::BytesFor(*division));
  ASSERT_EQ(memory.size(), 7 * sizeof(uint16_t));
  table.Fill(*division, memory.data());
  auto owner = [&](uintptr_t address) { return table.OwnerOf(reinterpret_cast<void*>(address)); };
  EXPECT_EQ(owner(4 * kMiB), 0u);
  EXPECT_EQ(owner(10 * kMiB), 1u);
  EXPECT_EQ(owner(14 * kMiB), OwnerTable::kNoOwner);
  EXPECT_EQ(owner(18 * kMiB - 1), 0u);
}

// A machine made up by a test: nodes one after the other from 2 MiB on, CPUs numbered node by node.
struct Machine {
  struct Node {
    size_t mib;
    size_t cpus;
  };

  explicit Machine(std::vector<Node> described) : division(std::make_unique<MemoryDivision>()) {
    map.Reset(described.size());
    uintptr_t at = 2 * kMiB;
    for (size_t n = 0; n < described.size(); ++n) {
      if (described[n].mib > 0) {
        usable.push_back({at, described[n].mib * kMiB});
        EXPECT_TRUE(map.Add(n, usable.back()));
        at = usable.back().end();
      }
      for (size_t i = 0; i < described[n].cpus; ++i) map.cpu_node[cpus++] = static_cast<uint8_t>(n);
    }
  }

  Status Divide() { return DivideMemory(usable, cpus, map, *division); }

  // MiB per CPU.
  std::vector<size_t> Shares() const {
    std::vector<size_t> shares;
    for (size_t cpu = 0; cpu < cpus; ++cpu) shares.push_back(division->partitions[cpu].bytes / kMiB);
    return shares;
  }
  // MiB that `cpu` has of `node`.
  size_t Of(size_t cpu, size_t node) const {
    const PartitionRanges& partition = division->partitions[cpu];
    size_t bytes = 0;
    for (size_t r = 0; r < partition.count; ++r) bytes += partition.nodes[r] == node ? partition.ranges[r].bytes : 0;
    return bytes / kMiB;
  }
  void SetDistance(size_t a, size_t b, uint8_t distance) { map.distances[a][b] = map.distances[b][a] = distance; }

  NodeMap map;
  std::vector<MemoryRange> usable;
  size_t cpus = 0;
  std::unique_ptr<MemoryDivision> division;
};

using Shares = std::vector<size_t>;

TEST(NodesTest, EachCpuGetsAnEqualShareOfItsOwnNode) {
  Machine machine({{64, 2}, {128, 3}});
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{32, 32, 44, 42, 42}));
  for (size_t cpu = 0; cpu < 5; ++cpu) EXPECT_EQ(machine.Of(cpu, cpu < 2 ? 1 : 0), 0u);
}

TEST(NodesTest, CpusOfANodeWithoutMemoryShareWithTheNearestNodeThatHasSome) {
  Machine machine({{64, 1}, {0, 2}, {96, 1}});
  machine.SetDistance(1, 0, 30);
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{64, 32, 32, 32}));
  EXPECT_EQ(machine.Of(1, 2), 32u);
}

TEST(NodesTest, OfEquallyNearNodesThatWithMostMemoryPerCpuIsJoined) {
  Machine machine({{64, 2}, {0, 1}, {64, 1}});
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{32, 32, 32, 32}));
  EXPECT_EQ(machine.Of(2, 2), 32u);
}

TEST(NodesTest, MemoryOfANodeWithoutCpusGoesToTheNearestNode) {
  Machine machine({{64, 2}, {64, 2}, {32, 0}});
  machine.SetDistance(2, 1, 17);
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{32, 32, 48, 48}));
  EXPECT_EQ(machine.Of(2, 2), 16u);
  EXPECT_EQ(machine.Of(3, 2), 16u);
}

TEST(NodesTest, MemoryOfANodeWithoutCpusIsSplitBetweenEquallyNearNodesByTheirCpus) {
  Machine machine({{64, 1}, {64, 3}, {32, 0}});
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{72, 30, 30, 28}));
  EXPECT_EQ(machine.Of(0, 2), 8u);
}

TEST(NodesTest, NodeThatIsTooPoorIsJoinedAndItsCpusTakeItsOwnMemoryFirst) {
  Machine machine({{6, 4}, {128, 2}});
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{24, 22, 22, 22, 22, 22}));
  EXPECT_EQ(machine.Of(0, 0) + machine.Of(1, 0) + machine.Of(2, 0) + machine.Of(3, 0), 6u);
  EXPECT_EQ(machine.Of(4, 0) + machine.Of(5, 0), 0u);
  // I3: what is near comes first.
  EXPECT_EQ(machine.division->partitions[0].nodes[0], 0);
  EXPECT_EQ(machine.division->partitions[0].nodes[1], 1);
}

TEST(NodesTest, NodeWithJustEnoughIsLeftAlone) {
  Machine machine({{8, 4}, {128, 2}});
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{2, 2, 2, 2, 64, 64}));
}

TEST(NodesTest, JoiningGoesOnUntilThereIsEnough) {
  Machine machine({{0, 3}, {2, 1}, {0, 1}, {60, 1}});
  machine.SetDistance(0, 1, 12);
  machine.SetDistance(0, 2, 11);
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{12, 10, 10, 10, 10, 10}));
}

TEST(NodesTest, TooLittleInAllNodesTogetherIsRefused) {
  EXPECT_EQ(Machine({{2, 1}, {0, 1}}).Divide(), Status::kOutOfMemory);
  EXPECT_EQ(Machine({{0, 1}, {0, 1}}).Divide(), Status::kOutOfMemory);
}

TEST(NodesTest, MemoryAndCpusOnlyInDifferentNodes) {
  Machine machine({{0, 2}, {64, 0}, {32, 0}});
  machine.SetDistance(0, 2, 15);
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{48, 48}));
  EXPECT_EQ(machine.Of(0, 2), 32u);  // the first of them takes of the nearest what there is
}

TEST(NodesTest, MemoryInNoNodeGoesToAllCpus) {
  Machine machine({{64, 2}, {64, 2}});
  machine.usable.push_back({8 * kGiB, 16 * kMiB});
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{36, 36, 36, 36}));
  EXPECT_EQ(machine.Of(3, 2), 4u);
}

TEST(NodesTest, CpuInNoNodeSharesWithTheRichestNode) {
  Machine machine({{64, 2}, {128, 1}});
  machine.map.cpu_node[machine.cpus++] = 2;
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{32, 32, 64, 64}));
}

TEST(NodesTest, DescriptionWithoutAnyMemoryOrCpuChangesNothing) {
  Machine machine({{64, 4}});
  machine.map.Reset(3);
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{16, 16, 16, 16}));
}

TEST(NodesTest, HolesAndMemoryAboveFourGibBelongToTheirNodes) {
  Machine machine({});
  machine.map.Reset(2);
  machine.usable = {{kMiB, kGiB - kMiB}, {kGiB + 64 * kMiB, kGiB}, {4 * kGiB, 2 * kGiB}};
  ASSERT_TRUE(machine.map.Add(0, {0, 3 * kGiB}));
  ASSERT_TRUE(machine.map.Add(0, {4 * kGiB, 512 * kMiB}));
  ASSERT_TRUE(machine.map.Add(1, {4 * kGiB + 512 * kMiB, 100 * kGiB}));
  machine.cpus = 4;
  machine.map.cpu_node[0] = machine.map.cpu_node[1] = 0;
  machine.map.cpu_node[2] = machine.map.cpu_node[3] = 1;
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{1280, 1278, 768, 768}));
  EXPECT_EQ(machine.division->unusable_bytes, kMiB);
}

TEST(NodesTest, LargePageInTwoNodesCountsForTheNodeOfItsFirstByte) {
  Machine machine({});
  machine.map.Reset(2);
  machine.usable = {{2 * kMiB, 8 * kMiB}};
  ASSERT_TRUE(machine.map.Add(0, {0, 5 * kMiB}));
  ASSERT_TRUE(machine.map.Add(1, {5 * kMiB, 5 * kMiB}));
  machine.cpus = 2;
  machine.map.cpu_node[0] = 0;
  machine.map.cpu_node[1] = 1;
  ASSERT_EQ(machine.Divide(), Status::kOk);
  EXPECT_EQ(machine.Shares(), (Shares{4, 4}));
  EXPECT_EQ(machine.division->partitions[1].ranges[0].begin, 6 * kMiB);
}

TEST(NodesTest, LargestPiecesAreDealtAndTheRestIsCounted) {
  Machine machine({});
  for (size_t i = 0; i < 20; ++i) machine.usable.push_back({(i + 1) * 64 * kMiB, (i + 1) * 2 * kMiB});
  machine.cpus = 1;
  ASSERT_EQ(machine.Divide(), Status::kOk);
  const PartitionRanges& partition = machine.division->partitions[0];
  EXPECT_EQ(partition.count, kMaxPartitionRanges);
  EXPECT_EQ(partition.ranges[0].bytes, 40 * kMiB);
  EXPECT_EQ(partition.ranges[15].bytes, 10 * kMiB);
  EXPECT_EQ(machine.division->left_out_bytes, (2 + 4 + 6 + 8) * kMiB);
}

TEST(NodesTest, MapThatContradictsItselfIsRefused) {
  Machine machine({{64, 1}, {64, 1}});
  machine.map.ranges[1].begin -= 4 * kMiB;
  EXPECT_EQ(machine.Divide(), Status::kInvalidArgument);
  machine = Machine({{64, 1}, {64, 1}});
  machine.map.range_node[1] = 2;
  EXPECT_EQ(machine.Divide(), Status::kInvalidArgument);
  machine = Machine({{64, 1}, {64, 1}});
  machine.map.cpu_node[1] = 3;
  EXPECT_EQ(machine.Divide(), Status::kInvalidArgument);
  machine = Machine({{64, 1}, {64, 1}});
  machine.map.nodes = kMaxNodes + 1;
  EXPECT_EQ(machine.Divide(), Status::kInvalidArgument);
}

}  // namespace
}  // namespace toro
