#include "platform/baremetal/boot/read_nodes.h"

#include <algorithm>

#include "drivers/acpi/slit.h"
#include "drivers/acpi/srat.h"

namespace toro::baremetal {
namespace {

// The domains that the table names, ascending: the place of a domain here is its node.
struct Domains {
  uint32_t numbers[kMaxNodes];
  size_t count = 0;

  // False: there are more than kMaxNodes.
  bool Add(uint32_t number) {
    uint32_t* at = std::lower_bound(numbers, numbers + count, number);
    if (at != numbers + count && *at == number) return true;
    if (count == kMaxNodes) return false;
    std::copy_backward(at, numbers + count, numbers + count + 1);
    *at = number;
    ++count;
    return true;
  }
  size_t NodeOf(uint32_t number) const {
    return static_cast<size_t>(std::lower_bound(numbers, numbers + count, number) - numbers);
  }
};

const char* ReadDomains(const acpi::Table& srat, Domains& domains) {
  acpi::SratReader reader(srat);
  for (acpi::Affinity affinity; reader.Next(affinity);) {
    static_assert(kMaxNodes == 32);
    if (!domains.Add(affinity.domain)) return "the ACPI table of affinities (SRAT) names more than 32 nodes";
  }
  return reader.problem();
}

const char* AddCpu(const acpi::Affinity& affinity, size_t node, std::span<const uint32_t> apic_ids, NodeMap& nodes) {
  for (size_t cpu = 0; cpu < apic_ids.size(); ++cpu) {
    if (apic_ids[cpu] != affinity.apic_id) continue;
    // A CPU below 255 may be listed in both forms.
    if (nodes.cpu_node[cpu] != nodes.nodes && nodes.cpu_node[cpu] != node) {
      return "the ACPI table of affinities (SRAT) puts one CPU into two nodes";
    }
    nodes.cpu_node[cpu] = static_cast<uint8_t>(node);
  }
  return nullptr;
}

const char* AddMemory(const acpi::Affinity& affinity, size_t node, NodeMap& nodes) {
  static_assert(kMaxNodeRanges == 64);
  if (affinity.bytes == 0 || nodes.Add(node, {affinity.begin, affinity.bytes})) return nullptr;
  return "the ACPI table of affinities (SRAT) has more than 64 ranges of memory";
}

const char* ReadDistances(const acpi::Table& table, const Domains& domains, NodeMap& nodes) {
  acpi::Slit slit;
  if (const char* problem = acpi::ReadSlit(table, slit)) return problem;
  if (domains.count > 0 && domains.numbers[domains.count - 1] >= slit.domains) {
    return "the ACPI table of distances (SLIT) lacks a domain that the table of affinities (SRAT) names";
  }
  for (size_t from = 0; from < domains.count; ++from) {
    for (size_t to = 0; to < domains.count; ++to) {
      nodes.distances[from][to] = slit.Distance(domains.numbers[from], domains.numbers[to]);
    }
  }
  return nullptr;
}

}  // namespace

const char* ReadNodes(const acpi::Table& srat, const acpi::Table* slit, std::span<const uint32_t> apic_ids,
                      NodeMap& nodes) {
  Domains domains;
  if (const char* problem = ReadDomains(srat, domains)) return problem;
  nodes.Reset(domains.count);
  acpi::SratReader reader(srat);
  for (acpi::Affinity affinity; reader.Next(affinity);) {
    size_t node = domains.NodeOf(affinity.domain);
    const char* problem = affinity.kind == acpi::Affinity::Kind::kCpu ? AddCpu(affinity, node, apic_ids, nodes)
                                                                      : AddMemory(affinity, node, nodes);
    if (problem != nullptr) return problem;
  }
  if (!nodes.IsValid(apic_ids.size())) {
    return "the ACPI table of affinities (SRAT) puts the same memory into two nodes";
  }
  return slit != nullptr ? ReadDistances(*slit, domains, nodes) : nullptr;
}

}  // namespace toro::baremetal
