#include "core/memory/node_map.h"

#include <algorithm>

namespace toro {

void NodeMap::Reset(size_t count) {
  nodes = count;
  range_count = 0;
  std::fill_n(cpu_node, kMaxCpus, static_cast<uint8_t>(count));
  for (size_t from = 0; from < count; ++from) {
    std::fill_n(distances[from], count, kRemoteDistance);
    distances[from][from] = kLocalDistance;
  }
}

bool NodeMap::Add(size_t node, MemoryRange range) {
  if (range_count == kMaxNodeRanges) return false;
  ranges[range_count] = range;
  range_node[range_count++] = static_cast<uint8_t>(node);
  return true;
}

bool NodeMap::IsValid(size_t cpus) const {
  if (nodes > kMaxNodes || range_count > kMaxNodeRanges) return false;
  for (size_t cpu = 0; cpu < cpus; ++cpu) {
    if (cpu_node[cpu] > nodes) return false;
  }
  for (size_t i = 0; i < range_count; ++i) {
    if (range_node[i] >= nodes || ranges[i].end() < ranges[i].begin) return false;
    for (size_t k = 0; k < i; ++k) {
      bool overlap = ranges[i].begin < ranges[k].end() && ranges[k].begin < ranges[i].end();
      if (overlap && range_node[i] != range_node[k]) return false;
    }
  }
  return true;
}

size_t NodeMap::NodeOfAddress(uintptr_t address) const {
  for (size_t i = 0; i < range_count; ++i) {
    if (address - ranges[i].begin < ranges[i].bytes) return range_node[i];
  }
  return nodes;
}

uintptr_t NodeMap::NextBoundary(uintptr_t address) const {
  uintptr_t next = UINTPTR_MAX;
  for (size_t i = 0; i < range_count; ++i) {
    for (uintptr_t edge : {ranges[i].begin, ranges[i].end()}) {
      if (edge > address) next = std::min(next, edge);
    }
  }
  return next;
}

void NodeMap::OrderByDistance(CpuId cpu, size_t cpus, CpuId* order) const {
  for (size_t i = 1; i < cpus; ++i) order[i - 1] = CpuId{(cpu.index() + i) % cpus};
  // By insertion: stable, and in place.
  for (size_t i = 1; i + 1 < cpus; ++i) {
    CpuId moved = order[i];
    uint8_t distance = Distance(NodeOf(cpu), NodeOf(moved));
    size_t to = i;
    for (; to > 0 && Distance(NodeOf(cpu), NodeOf(order[to - 1])) > distance; --to) order[to] = order[to - 1];
    order[to] = moved;
  }
}

}  // namespace toro
