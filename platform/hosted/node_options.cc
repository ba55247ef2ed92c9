#include "platform/hosted/node_options.h"

#include <charconv>
#include <numeric>

#include "core/base/units.h"

namespace toro::hosted {
namespace {

constexpr size_t kMostMib = 1 << 24;

bool ParseNumber(std::string_view text, size_t most, size_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= most;
}

// The pieces of `text` between the separators: one at least.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    size_t at = text.find(separator);
    pieces.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + 1);
  }
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string Contradiction(const std::string& what, size_t nodes_have, const std::string& option, size_t given) {
  return "the nodes have " + std::to_string(nodes_have) + " " + what + " together, but " + option + " says " +
         std::to_string(given) + "; leave " + option + " out, or let them agree";
}

}  // namespace

std::string ParseNodes(std::string_view text, NodeOptions& options) {
  const std::string form = "; expected --nodes=N with 1 to " + std::to_string(kMaxNodes) +
                           ", or --nodes=MIB:CPUS,MIB:CPUS,... (0 for none of them)";
  options.nodes.clear();
  if (ParseNumber(text, kMaxNodes, options.equal) && options.equal > 0) return "";
  options.equal = 0;
  for (std::string_view piece : Split(text, ',')) {
    size_t colon = piece.find(':');
    NodeOptions::Node node;
    if (colon == std::string_view::npos || !ParseNumber(piece.substr(0, colon), kMostMib, node.memory_mib) ||
        !ParseNumber(piece.substr(colon + 1), kMaxCpus, node.cpus)) {
      return "--nodes=" + std::string(text) + ": " + Quoted(piece) + " is no node" + form;
    }
    options.nodes.push_back(node);
  }
  if (options.nodes.size() > kMaxNodes)
    return "--nodes= names " + std::to_string(options.nodes.size()) + " nodes" + form;
  return "";
}

std::string ParseDistances(std::string_view text, NodeOptions& options) {
  options.distances.clear();
  for (std::string_view line : Split(text, '/')) {
    std::vector<uint8_t>& row = options.distances.emplace_back();
    for (std::string_view piece : Split(line, ',')) {
      size_t distance = 0;
      bool itself = row.size() + 1 == options.distances.size();
      if (!ParseNumber(piece, kNoDistance, distance) ||
          (itself ? distance != kLocalDistance : distance <= kLocalDistance)) {
        return "--distances=" + std::string(text) + ": " + Quoted(piece) +
               " cannot be; expected rows of one number per node, as 10,20/20,10: 10 from a node to itself, 11 to "
               "255 " +
               "to another";
      }
      row.push_back(static_cast<uint8_t>(distance));
    }
  }
  return "";
}

std::string SettleNodes(bool has_cpus, bool has_memory, size_t& cpus, size_t& memory_mib, NodeOptions& options) {
  if (!options.given()) return options.distances.empty() ? "" : "--distances needs --nodes";
  for (size_t i = 0; i < options.equal; ++i) {
    auto part = [&](size_t all) { return all / options.equal + (i < all % options.equal ? 1 : 0); };
    // Memory in whole large pages, as far as it goes.
    options.nodes.push_back({2 * part(memory_mib / 2) + (i == 0 ? memory_mib % 2 : 0), part(cpus)});
  }
  size_t node_cpus = 0, node_mib = 0;
  bool empty = false;
  for (const NodeOptions::Node& node : options.nodes) {
    node_cpus += node.cpus;
    node_mib += node.memory_mib;
    empty = empty || (node.cpus == 0 && node.memory_mib == 0);
  }
  if (empty) return "a node has neither memory nor CPUs; give --nodes fewer nodes";
  if (has_cpus && node_cpus != cpus) return Contradiction("CPUs", node_cpus, "--cpus", cpus);
  if (has_memory && node_mib != memory_mib) return Contradiction("MiB", node_mib, "--memory", memory_mib);
  if (node_cpus < 1 || node_cpus > kMaxCpus) {
    return "the nodes have " + std::to_string(node_cpus) + " CPUs together; expected 1 to " + std::to_string(kMaxCpus);
  }
  if (node_mib > kMostMib) return "the nodes have more than " + std::to_string(kMostMib) + " MiB together";
  cpus = node_cpus;
  memory_mib = node_mib;
  bool square = options.distances.empty() || options.distances.size() == options.nodes.size();
  for (const std::vector<uint8_t>& row : options.distances) square = square && row.size() == options.nodes.size();
  if (!square) {
    return "--distances needs as many rows, and as many numbers in each, as there are nodes: " +
           std::to_string(options.nodes.size());
  }
  return "";
}

NodeMap MakeNodeMap(const NodeOptions& options, uintptr_t begin) {
  NodeMap map;
  map.Reset(options.nodes.size());
  size_t cpu = 0;
  for (size_t node = 0; node < options.nodes.size(); ++node) {
    size_t bytes = options.nodes[node].memory_mib * kMiB;
    if (bytes > 0) (void)map.Add(node, {begin, bytes});  // kMaxNodes are fewer than kMaxNodeRanges
    begin += bytes;
    for (size_t i = 0; i < options.nodes[node].cpus; ++i) map.cpu_node[cpu++] = static_cast<uint8_t>(node);
    for (size_t to = 0; to < options.distances.size(); ++to) map.distances[node][to] = options.distances[node][to];
  }
  return map;
}

}  // namespace toro::hosted
