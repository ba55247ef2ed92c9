// The nodes of a made-up machine, from the command line: so that what nodes decide on the bare machine can be seen, and
// tested, in a process.
#ifndef PLATFORM_HOSTED_NODE_OPTIONS_H_
#define PLATFORM_HOSTED_NODE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory/node_map.h"

namespace toro::hosted {

struct NodeOptions {
  struct Node {
    size_t memory_mib;
    size_t cpus;
  };
  std::vector<Node> nodes;                      // empty: none, unless `equal` says how many
  size_t equal = 0;                             // so many nodes with equal parts of CPUs and memory; 0: see `nodes`
  std::vector<std::vector<uint8_t>> distances;  // empty: 10 and 20

  bool given() const { return equal != 0 || !nodes.empty(); }
};

// --nodes=N, or --nodes=MIB:CPUS,MIB:CPUS... Returns an empty string, or what is wrong and how to do it right.
std::string ParseNodes(std::string_view text, NodeOptions& options);

// --distances=ROW/ROW..., each ROW as 10,20,...: a row and a column per node.
std::string ParseDistances(std::string_view text, NodeOptions& options);

// Puts numbers and nodes together: `cpus` and `memory_mib`, where they were given, have to agree with the nodes, and
// are what the nodes say where they were not. To be called when all options have been parsed.
std::string SettleNodes(bool has_cpus, bool has_memory, size_t& cpus, size_t& memory_mib, NodeOptions& options);

// The nodes one after the other, CPUs from 0 on, memory from `begin` on. No nodes: an empty map.
NodeMap MakeNodeMap(const NodeOptions& options, uintptr_t begin);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_NODE_OPTIONS_H_
