#include "core/memory/boot_map.h"

#include <algorithm>
#include <utility>

#include "core/base/units.h"

namespace toro {
namespace {

// By insertion: a few ranges, once, and std::sort is 2 KB of code for each type.
template <class T, class Before>
void SortFew(T* items, size_t count, Before before) {
  for (size_t i = 1; i < count; ++i) {
    for (size_t k = i; k > 0 && before(items[k], items[k - 1]); --k) std::swap(items[k], items[k - 1]);
  }
}

// Sorts and joins: a large page may be made of two pieces of the firmware's map. Returns how many are left, or
// kMaxMemoryRanges + 1 when ranges overlap.
size_t JoinNeighbours(std::span<const MemoryRange> usable, MemoryRange* joined) {
  std::copy(usable.begin(), usable.end(), joined);
  SortFew(joined, usable.size(), [](auto& a, auto& b) { return a.begin < b.begin; });
  size_t count = 0;
  for (size_t i = 0; i < usable.size(); ++i) {
    MemoryRange range = joined[i];
    if (range.bytes == 0) continue;
    if (count > 0 && range.begin < joined[count - 1].end()) return kMaxMemoryRanges + 1;
    if (count > 0 && range.begin == joined[count - 1].end()) {
      joined[count - 1].bytes += range.bytes;
    } else {
      joined[count++] = range;
    }
  }
  return count;
}

// Pages here are large pages, and "no node" is a node.
class Division {
 public:
  Division(const NodeMap& nodes, size_t cpus, MemoryDivision& division)
      : map_(nodes), nodes_(nodes.nodes + 1), cpus_(cpus), division_(division) {}

  Status AddUsable(std::span<const MemoryRange> usable);
  bool JoinPoorNodes();
  void SpreadNodesWithoutCpus();
  void Deal();

 private:
  // Memory of one node without a hole.
  struct Piece {
    MemoryRange rest;
    uint8_t node;
  };
  // Each joining and each edge of a node adds one piece at most.
  static constexpr size_t kMostPieces = kMaxMemoryRanges + 2 * kMaxNodeRanges;
  static constexpr size_t kMostNodes = kMaxNodes + 1;

  void AddPieces(uintptr_t begin, uintptr_t end);
  size_t GroupOf(size_t cpu) const { return group_[map_.cpu_node[cpu]]; }
  uint64_t GroupPages(size_t group) const;
  uint8_t GroupDistance(size_t group, size_t node) const;
  size_t Nearest(size_t group) const;
  void Join(size_t group, size_t other);
  void DealGroup(size_t group);
  size_t Take(size_t cpu, size_t group, size_t node, size_t pages);
  bool Give(size_t cpu, size_t node, MemoryRange range);
  void SortRanges(size_t cpu);

  const NodeMap& map_;
  const size_t nodes_;
  const size_t cpus_;
  MemoryDivision& division_;
  size_t piece_count_ = 0;
  Piece pieces_[kMostPieces];
  // Nodes whose CPUs get equal shares; named after one of them.
  uint8_t group_[kMostNodes];
  uint16_t cpus_of_node_[kMostNodes] = {};
  uint16_t cpus_of_group_[kMostNodes] = {};
  // How many pages of a node the CPUs of a group get, as far as they are not dealt yet.
  uint32_t pages_[kMostNodes][kMostNodes] = {};
};

Status Division::AddUsable(std::span<const MemoryRange> usable) {
  MemoryRange joined[kMaxMemoryRanges];
  size_t count = JoinNeighbours(usable, joined);
  if (count > kMaxMemoryRanges) return Status::kInvalidArgument;
  for (size_t i = 0; i < count; ++i) {
    uintptr_t begin = AlignUp(joined[i].begin, kLargePageBytes);
    uintptr_t end = AlignDown(joined[i].end(), kLargePageBytes);
    size_t whole = begin < end ? end - begin : 0;
    division_.unusable_bytes += joined[i].bytes - whole;
    if (whole > 0) AddPieces(begin, end);
  }
  // The largest first: what does not fit into a partition's list of ranges is what matters least.
  SortFew(pieces_, piece_count_, [](const Piece& a, const Piece& b) {
    return a.rest.bytes != b.rest.bytes ? a.rest.bytes > b.rest.bytes : a.rest.begin < b.rest.begin;
  });
  for (size_t node = 0; node < nodes_; ++node) group_[node] = static_cast<uint8_t>(node);
  for (size_t i = 0; i < piece_count_; ++i) {
    size_t node = pieces_[i].node;
    pages_[node][node] += static_cast<uint32_t>(pieces_[i].rest.bytes / kLargePageBytes);
  }
  for (size_t cpu = 0; cpu < cpus_; ++cpu) ++cpus_of_node_[map_.cpu_node[cpu]];
  std::copy(cpus_of_node_, cpus_of_node_ + nodes_, cpus_of_group_);
  return Status::kOk;
}

void Division::AddPieces(uintptr_t begin, uintptr_t end) {
  bool first = true;
  for (uintptr_t at = begin; at < end;) {
    uintptr_t edge = map_.NextBoundary(at);
    uintptr_t next = edge < end ? AlignUp(edge, kLargePageBytes) : end;
    uint8_t node = static_cast<uint8_t>(map_.NodeOfAddress(at));
    if (!first && pieces_[piece_count_ - 1].node == node) {
      pieces_[piece_count_ - 1].rest.bytes += next - at;
    } else {
      pieces_[piece_count_++] = {{at, next - at}, node};
    }
    first = false;
    at = next;
  }
}

uint64_t Division::GroupPages(size_t group) const {
  uint64_t sum = 0;
  for (size_t node = 0; node < nodes_; ++node) sum += pages_[group][node];
  return sum;
}

// From the nearest CPU of the group.
uint8_t Division::GroupDistance(size_t group, size_t node) const {
  uint8_t least = kNoDistance;
  for (size_t from = 0; from < nodes_; ++from) {
    if (group_[from] == group && cpus_of_node_[from] > 0) least = std::min(least, map_.Distance(from, node));
  }
  return least;
}

// The group that has memory and is nearest to the CPUs of `group`; of those, the one with most memory per CPU. nodes_:
// there is none.
size_t Division::Nearest(size_t group) const {
  size_t best = nodes_;
  unsigned best_distance = 0;
  uint64_t best_pages = 0;
  for (size_t other = 0; other < nodes_; ++other) {
    uint64_t pages = GroupPages(other);
    if (other == group || pages == 0) continue;
    unsigned distance = kNoDistance;
    for (size_t node = 0; node < nodes_; ++node) {
      if (pages_[other][node] > 0) distance = std::min<unsigned>(distance, GroupDistance(group, node));
    }
    uint64_t pages_per_cpu = pages / (size_t{cpus_of_group_[other]} + cpus_of_group_[group]);
    if (best == nodes_ || distance < best_distance || (distance == best_distance && pages_per_cpu > best_pages)) {
      best = other;
      best_distance = distance;
      best_pages = pages_per_cpu;
    }
  }
  return best;
}

void Division::Join(size_t group, size_t other) {
  for (size_t node = 0; node < nodes_; ++node) {
    if (group_[node] == other) group_[node] = static_cast<uint8_t>(group);
    pages_[group][node] += pages_[other][node];
    pages_[other][node] = 0;
  }
  cpus_of_group_[group] = static_cast<uint16_t>(cpus_of_group_[group] + cpus_of_group_[other]);
  cpus_of_group_[other] = 0;
}

// False: there is too little memory in all nodes together.
bool Division::JoinPoorNodes() {
  static_assert(kLeastPartitionBytes % kLargePageBytes == 0);
  for (size_t group = 0; group < nodes_;) {
    if (GroupPages(group) >= cpus_of_group_[group] * (kLeastPartitionBytes / kLargePageBytes)) {
      ++group;
      continue;
    }
    size_t other = Nearest(group);
    if (other == nodes_) return false;
    Join(group, other);
  }
  return true;
}

void Division::SpreadNodesWithoutCpus() {
  for (size_t node = 0; node < nodes_; ++node) {
    if (cpus_of_group_[group_[node]] > 0 || pages_[node][node] == 0) continue;
    uint8_t nearest = kNoDistance;
    for (size_t group = 0; group < nodes_; ++group) {
      if (cpus_of_group_[group] > 0) nearest = std::min(nearest, GroupDistance(group, node));
    }
    size_t cpus = 0;
    for (size_t group = 0; group < nodes_; ++group) {
      if (cpus_of_group_[group] > 0 && GroupDistance(group, node) == nearest) cpus += cpus_of_group_[group];
    }
    // Rounded so that the last one takes exactly what is left.
    uint64_t pages = pages_[node][node];
    for (size_t group = 0; group < nodes_; ++group) {
      if (cpus_of_group_[group] == 0 || GroupDistance(group, node) != nearest) continue;
      uint64_t part = pages * cpus_of_group_[group] / cpus;
      pages_[group][node] += static_cast<uint32_t>(part);
      pages -= part;
      cpus -= cpus_of_group_[group];
    }
    pages_[node][node] = 0;
  }
}

void Division::Deal() {
  for (size_t group = 0; group < nodes_; ++group) {
    if (cpus_of_group_[group] > 0) DealGroup(group);
  }
  for (size_t i = 0; i < piece_count_; ++i) division_.left_out_bytes += pieces_[i].rest.bytes;
  for (size_t cpu = 0; cpu < cpus_; ++cpu) SortRanges(cpu);
}

void Division::DealGroup(size_t group) {
  uint64_t pages = GroupPages(group), cpus = cpus_of_group_[group];
  uint32_t own[kMostNodes];
  for (size_t node = 0; node < nodes_; ++node) own[node] = pages_[group][node];
  uint16_t seen[kMostNodes] = {};
  // Twice around: everybody's own node first. The first `pages % cpus` CPUs of the group get one page more.
  for (bool near : {true, false}) {
    size_t number = 0;
    for (size_t cpu = 0; cpu < cpus_; ++cpu) {
      if (GroupOf(cpu) != group) continue;
      size_t node = map_.cpu_node[cpu];
      size_t wanted =
          pages / cpus + (number++ < pages % cpus ? 1 : 0) - division_.partitions[cpu].bytes / kLargePageBytes;
      if (near) {
        size_t share = own[node] / cpus_of_node_[node] + (seen[node]++ < own[node] % cpus_of_node_[node] ? 1 : 0);
        Take(cpu, group, node, std::min(wanted, share));
        continue;
      }
      while (wanted > 0 && division_.partitions[cpu].count < kMaxPartitionRanges) {
        size_t from = nodes_;
        for (size_t other = 0; other < nodes_; ++other) {
          if (pages_[group][other] == 0) continue;
          if (from == nodes_ || map_.Distance(node, other) < map_.Distance(node, from)) from = other;
        }
        if (from == nodes_) break;
        wanted -= Take(cpu, group, from, wanted);
      }
    }
  }
}

// Up to `pages` of the pages of `node` that the group may have. Returns how many.
size_t Division::Take(size_t cpu, size_t group, size_t node, size_t pages) {
  size_t wanted = std::min<size_t>(pages, pages_[group][node]);
  pages_[group][node] -= static_cast<uint32_t>(wanted);
  size_t left = wanted * kLargePageBytes;
  for (size_t i = 0; i < piece_count_ && left > 0; ++i) {
    MemoryRange& rest = pieces_[i].rest;
    if (pieces_[i].node != node || rest.bytes == 0) continue;
    size_t taken = std::min(left, rest.bytes);
    if (!Give(cpu, node, {rest.begin, taken})) break;
    rest = {rest.begin + taken, rest.bytes - taken};
    left -= taken;
  }
  return wanted;
}

// False: the partition has as many ranges as it may have.
bool Division::Give(size_t cpu, size_t node, MemoryRange range) {
  PartitionRanges& partition = division_.partitions[cpu];
  size_t last = partition.count - 1;
  if (partition.count > 0 && partition.ranges[last].end() == range.begin && partition.nodes[last] == node) {
    partition.ranges[last].bytes += range.bytes;
  } else {
    if (partition.count == kMaxPartitionRanges) return false;
    partition.nodes[partition.count] = static_cast<uint8_t>(node);
    partition.ranges[partition.count++] = range;
  }
  partition.bytes += range.bytes;
  return true;
}

void Division::SortRanges(size_t cpu) {
  PartitionRanges& partition = division_.partitions[cpu];
  auto before = [&](size_t a, size_t b) {
    uint8_t near_a = map_.Distance(map_.cpu_node[cpu], partition.nodes[a]);
    uint8_t near_b = map_.Distance(map_.cpu_node[cpu], partition.nodes[b]);
    if (near_a != near_b) return near_a < near_b;
    return partition.ranges[a].bytes > partition.ranges[b].bytes;
  };
  for (size_t i = 1; i < partition.count; ++i) {
    for (size_t k = i; k > 0 && before(k, k - 1); --k) {
      std::swap(partition.ranges[k], partition.ranges[k - 1]);
      std::swap(partition.nodes[k], partition.nodes[k - 1]);
    }
  }
}

}  // namespace

Status DivideMemory(std::span<const MemoryRange> usable, size_t cpus, const NodeMap& nodes, MemoryDivision& division) {
  division = MemoryDivision{};
  if (cpus == 0 || cpus > kMaxCpus || usable.size() > kMaxMemoryRanges || !nodes.IsValid(cpus)) {
    return Status::kInvalidArgument;
  }
  Division dividing(nodes, cpus, division);
  if (Status status = dividing.AddUsable(usable); status != Status::kOk) return status;
  if (!dividing.JoinPoorNodes()) return Status::kOutOfMemory;
  division.cpus = cpus;
  dividing.SpreadNodesWithoutCpus();
  dividing.Deal();
  return Status::kOk;
}

}  // namespace toro
