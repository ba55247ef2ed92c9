// The invariants of DivideMemory on machines that chance makes up: holes, odd edges, nodes without memory or CPUs, too
// poor, incomplete, at any distances. The reference here is a page-by-page look at the result.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "core/base/units.h"
#include "core/memory/boot_map.h"

namespace toro {
namespace {

struct Machine {
  NodeMap map;
  std::vector<MemoryRange> usable;
  size_t cpus = 0;
};

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  size_t operator()(size_t least, size_t most) { return least + engine_() % (most - least + 1); }
  bool OneIn(size_t n) { return (*this)(1, n) == 1; }

 private:
  std::mt19937_64 engine_;
};

Machine MakeUp(uint64_t seed) {
  Dice dice(seed);
  Machine machine;
  size_t nodes = dice(0, 6);
  machine.map.Reset(nodes);
  for (size_t from = 0; from < nodes; ++from) {
    for (size_t to = 0; to < nodes; ++to) {
      if (from != to) machine.map.distances[from][to] = static_cast<uint8_t>(dice(11, 14));
    }
  }
  machine.cpus = dice(1, 24);
  for (size_t cpu = 0; cpu < machine.cpus; ++cpu) {
    machine.map.cpu_node[cpu] = static_cast<uint8_t>(dice.OneIn(12) ? nodes : dice(0, nodes));
  }
  uintptr_t at = dice.OneIn(2) ? kMiB : 0;
  size_t most_mib = dice.OneIn(3) ? 8 : 200;
  for (size_t piece = dice(1, 12); piece > 0; --piece) {
    if (dice.OneIn(2)) at += dice(0, 5 * kMiB);
    if (dice.OneIn(6)) at += 4 * kGiB;
    size_t bytes = dice(0, most_mib) * kMiB + (dice.OneIn(2) ? dice(0, 2 * kMiB) : 0);
    machine.usable.push_back({at, bytes});
    size_t node = dice(0, nodes);
    // Often a node ends in the middle of a piece.
    size_t part = dice.OneIn(3) ? dice(0, bytes) : bytes;
    if (node < nodes && !machine.map.Add(node, {at, part})) break;
    if (nodes > 0 && part < bytes && !machine.map.Add(dice(0, nodes - 1), {at + part, bytes - part})) break;
    at += bytes;
  }
  std::shuffle(machine.usable.begin(), machine.usable.end(), std::mt19937_64(seed));
  return machine;
}

bool IsUsable(const Machine& machine, uintptr_t page) {
  size_t covered = 0;
  for (const MemoryRange& range : machine.usable) {
    uintptr_t begin = std::max(page, range.begin), end = std::min(page + kLargePageBytes, range.end());
    covered += begin < end ? end - begin : 0;
  }
  return covered == kLargePageBytes;
}

// Every large page that is wholly usable: its owner, or SIZE_MAX.
std::map<uintptr_t, size_t> Owners(const Machine& machine) {
  std::map<uintptr_t, size_t> owners;
  for (const MemoryRange& range : machine.usable) {
    for (uintptr_t page = AlignDown(range.begin, kLargePageBytes); page < range.end(); page += kLargePageBytes) {
      if (IsUsable(machine, page)) owners[page] = SIZE_MAX;
    }
  }
  return owners;
}

// I1: fills in the owners.
void ExpectEveryPageOnce(const Machine& machine, const MemoryDivision& division, std::map<uintptr_t, size_t>& owners) {
  size_t all = 0, given = 0;
  for (const MemoryRange& range : machine.usable) all += range.bytes;
  for (size_t cpu = 0; cpu < machine.cpus; ++cpu) {
    const PartitionRanges& partition = division.partitions[cpu];
    size_t sum = 0;
    for (size_t r = 0; r < partition.count; ++r) {
      for (uintptr_t page = partition.ranges[r].begin; page < partition.ranges[r].end(); page += kLargePageBytes) {
        auto found = owners.find(page);
        ASSERT_NE(found, owners.end()) << "CPU " << cpu << " got what is not usable";
        ASSERT_EQ(found->second, SIZE_MAX) << "CPU " << cpu << " got what CPU " << found->second << " has";
        EXPECT_EQ(machine.map.NodeOfAddress(page), partition.nodes[r]);
        found->second = cpu;
      }
      sum += partition.ranges[r].bytes;
    }
    EXPECT_EQ(sum, partition.bytes);
    EXPECT_GE(sum, kLeastPartitionBytes);
    given += sum;
  }
  EXPECT_EQ(given + division.unusable_bytes + division.left_out_bytes, all);
  size_t without = std::count_if(owners.begin(), owners.end(), [](auto& page) { return page.second == SIZE_MAX; });
  EXPECT_EQ(without * kLargePageBytes, division.left_out_bytes);
}

// I2 for CPUs of one node, and that nobody has foreign memory while a CPU of a third node has some of the own node,
// unless the own node was too poor.
void ExpectSharesOfNodes(const Machine& machine, const MemoryDivision& division) {
  std::vector<size_t> pages(machine.map.nodes + 1), cpus(machine.map.nodes + 1);
  for (size_t cpu = 0; cpu < machine.cpus; ++cpu) {
    ++cpus[machine.map.cpu_node[cpu]];
    const PartitionRanges& partition = division.partitions[cpu];
    for (size_t r = 0; r < partition.count; ++r)
      pages[partition.nodes[r]] += partition.ranges[r].bytes / kLargePageBytes;
  }
  for (size_t node = 0; node <= machine.map.nodes; ++node) {
    size_t least = SIZE_MAX, most = 0, own = 0;
    for (size_t cpu = 0; cpu < machine.cpus; ++cpu) {
      if (machine.map.cpu_node[cpu] != node) continue;
      const PartitionRanges& partition = division.partitions[cpu];
      least = std::min(least, partition.bytes);
      most = std::max(most, partition.bytes);
      for (size_t r = 0; r < partition.count; ++r) own += partition.nodes[r] == node ? partition.ranges[r].bytes : 0;
    }
    if (cpus[node] == 0) continue;
    EXPECT_LE(most - least, kLargePageBytes) << "node " << node;
    // All that the node has, or no foreign memory but that of nodes without CPUs.
    if (own < pages[node] * kLargePageBytes) {
      for (size_t cpu = 0; cpu < machine.cpus; ++cpu) {
        if (machine.map.cpu_node[cpu] != node) continue;
        const PartitionRanges& partition = division.partitions[cpu];
        for (size_t r = 0; r < partition.count; ++r) {
          EXPECT_TRUE(partition.nodes[r] == node || cpus[partition.nodes[r]] == 0) << "node " << node << " CPU " << cpu;
        }
      }
    }
  }
}

TEST(BootMapPropertyTest, NothingIsLostSharedOrUnequalOnTenThousandMachines) {
  int divided = 0, refused = 0;
  auto division = std::make_unique<MemoryDivision>();
  for (uint64_t seed = 0; seed < 10000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Machine machine = MakeUp(seed);
    std::map<uintptr_t, size_t> owners = Owners(machine);
    Status status = DivideMemory(machine.usable, machine.cpus, machine.map, *division);
    if (owners.size() < machine.cpus) {
      EXPECT_EQ(status, Status::kOutOfMemory);
      ++refused;
      continue;
    }
    ASSERT_EQ(status, Status::kOk);
    ExpectEveryPageOnce(machine, *division, owners);
    if (division->left_out_bytes == 0) ExpectSharesOfNodes(machine, *division);
    ++divided;
  }
  // Chance must not have made up one kind of machine only.
  EXPECT_GT(divided, 5000);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace toro
