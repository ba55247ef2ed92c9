// DivideMemory: which CPU owns which memory, for ever.
//
// WHY. Partitions are whole large pages, so one page-table entry and one entry of the owner table serve one owner; the
// predecessor did not round, and with 3, 5, 6 or 7 CPUs its shares wrapped around. Memory of another node costs every
// miss a way across the machine, so a CPU gets memory of its own node as far as there is any.
//
// WHAT HAPPENS TO A NODE
//   CPUs and memory enough   each of its CPUs gets an equal share of it
//   too little memory        (below kLeastPartitionBytes for each of its CPUs, or none) it is joined with the nearest
//                            node that has some: all CPUs of both get equal shares, each from its own node first
//   no CPU                   its memory is split between the nearest nodes with CPUs, by the number of their CPUs
// Nearest is by NodeMap::Distance, from the CPU's node to that of the memory. What firmware puts into no node is a node
// like the others (node_map.h), so on a machine without nodes all CPUs get equal shares.
//
// INVARIANTS
//   I1. Every large page that is wholly usable belongs to exactly one CPU. What is usable but in no such page is
//       counted in `unusable_bytes`, and what lies in more pieces than a partition may have, in `left_out_bytes`: no
//       memory is lost silently. A large page that lies in two nodes counts as memory of the node of its first byte.
//   I2. Shares of CPUs of one node, and of nodes that were joined, differ by at most one large page, but for what is
//       left out.
//   I3. A CPU's ranges are ordered: the nearest node first, and of a node the largest first. So allocation begins with
//       near memory, and the first range serves most addresses.
#ifndef CORE_MEMORY_BOOT_MAP_H_
#define CORE_MEMORY_BOOT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/cpu_id.h"
#include "core/base/result.h"
#include "core/memory/memory_range.h"
#include "core/memory/node_map.h"

namespace toro {

// The most pieces that the usable memory may have, and a partition may be made of. Firmware maps have about ten.
inline constexpr size_t kMaxMemoryRanges = 64;
inline constexpr size_t kMaxPartitionRanges = 16;

// The least memory that a CPU can run with: its own structures, a main stack, and room to start.
inline constexpr size_t kLeastPartitionBytes = 2 * 1024 * 1024;

struct PartitionRanges {
  MemoryRange ranges[kMaxPartitionRanges];
  uint8_t nodes[kMaxPartitionRanges] = {};  // of each range; NodeMap::nodes: none
  size_t count = 0;
  size_t bytes = 0;
};

struct MemoryDivision {
  PartitionRanges partitions[kMaxCpus];
  size_t cpus = 0;
  size_t unusable_bytes = 0;  // usable for the firmware, but in no whole large page
  size_t left_out_bytes = 0;  // in whole large pages, but in a piece beyond the kMaxPartitionRanges of its partition
};

// Divides `usable` (any order, not overlapping) between `cpus` CPUs. kOutOfMemory: there are fewer whole large pages
// than kLeastPartitionBytes for each CPU. kInvalidArgument: overlapping ranges, no CPU, more pieces than
// kMaxMemoryRanges, or a NodeMap that is not valid. Uses 10 KiB of stack.
Status DivideMemory(std::span<const MemoryRange> usable, size_t cpus, const NodeMap& nodes, MemoryDivision& division);

}  // namespace toro

#endif  // CORE_MEMORY_BOOT_MAP_H_
