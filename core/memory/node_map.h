// NodeMap: which memory and which CPUs are near each other, as the machine says (ACPI) or as a test makes it up.
//
// WHY "no node" is a place: firmware may describe a part of the machine only. What it leaves out, memory and CPUs
// alike, counts as one more node, as far from every other as can be; so an incomplete description, and none at all,
// need no rules of their own. A machine that says nothing is one "no node" with everything in it.
//
// INVARIANTS
//   I1. Nodes are numbered from 0 without gaps; number `nodes` is "no node".
//   I2. Ranges of different nodes do not overlap (IsValid).
//   I3. Written once at boot, read by all CPUs ever after.
#ifndef CORE_MEMORY_NODE_MAP_H_
#define CORE_MEMORY_NODE_MAP_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/memory/memory_range.h"

namespace toro {

// Two sockets of the largest processors of today, with a node per cache, are 32 nodes.
inline constexpr size_t kMaxNodes = 32;
inline constexpr size_t kMaxNodeRanges = 64;

// Relative, as in ACPI: 10 is the distance of a node to itself, 255 means that there is no way [acpi 5.2.17].
inline constexpr uint8_t kLocalDistance = 10;
inline constexpr uint8_t kRemoteDistance = 20;  // of nodes about which the machine does not say more
inline constexpr uint8_t kNoDistance = 255;

struct NodeMap {
  size_t nodes = 0;
  size_t range_count = 0;
  MemoryRange ranges[kMaxNodeRanges];
  uint8_t range_node[kMaxNodeRanges] = {};
  uint8_t cpu_node[kMaxCpus] = {};
  uint8_t distances[kMaxNodes][kMaxNodes] = {};

  // Makes it `count` nodes, 1 to kMaxNodes, without memory, 10 from themselves and 20 from each other; no CPU is in
  // any.
  void Reset(size_t count);

  // False: there is no room for one more range.
  bool Add(size_t node, MemoryRange range);

  bool IsValid(size_t cpus) const;

  // Each may be `nodes`: no node.
  size_t NodeOf(CpuId cpu) const { return cpu_node[cpu.index()]; }
  size_t NodeOfAddress(uintptr_t address) const;
  uint8_t Distance(size_t from, size_t to) const {
    if (from < nodes && to < nodes) return distances[from][to];
    return from == to ? kLocalDistance : kNoDistance;
  }

  // Where the memory behind `address` may begin to belong to another node; UINTPTR_MAX: nowhere.
  uintptr_t NextBoundary(uintptr_t address) const;

  // All CPUs but `cpu`, of `cpus`, nearest first, into `order`, which has room for cpus - 1. Those at the same distance
  // follow in the order of their numbers, from cpu + 1 on and around: no CPU is everybody's first choice.
  void OrderByDistance(CpuId cpu, size_t cpus, CpuId* order) const;
};

}  // namespace toro

#endif  // CORE_MEMORY_NODE_MAP_H_
