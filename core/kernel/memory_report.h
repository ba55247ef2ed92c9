// MemoryReport: who got what, from which node, and what nobody got. The platform prints it on request, at boot.
#ifndef CORE_KERNEL_MEMORY_REPORT_H_
#define CORE_KERNEL_MEMORY_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/cpu_id.h"
#include "core/memory/boot_map.h"
#include "core/memory/node_map.h"

namespace toro {

// Takes no memory: every piece of text goes to `write` as it is made.
class MemoryReport {
 public:
  using Write = void (*)(std::string_view text);

  MemoryReport(const NodeMap& nodes, const MemoryDivision& division, Write write)
      : nodes_(nodes), division_(division), write_(write) {}

  // A line per node: its CPUs, its memory that was given, its distances to all nodes.
  [[gnu::cold]] void PrintNodes() const;

  // What `cpu` got, as a part of a line: "8 MiB of node 0, 24 MiB of node 1 at distance 20".
  [[gnu::cold]] void PrintShare(CpuId cpu) const;

  // One line: what was usable, and is in no partition, and why.
  [[gnu::cold]] void PrintNotGiven() const;

 private:
  [[gnu::cold]] void PrintNode(size_t node) const;
  [[gnu::cold]] void PrintCpusOf(size_t node) const;
  [[gnu::cold]] void PrintNumber(uint64_t value) const;
  [[gnu::cold]] size_t CpusOf(size_t node) const;
  [[gnu::cold]] size_t BytesOf(size_t node) const;

  const NodeMap& nodes_;
  const MemoryDivision& division_;
  Write write_;
};

}  // namespace toro

#endif  // CORE_KERNEL_MEMORY_REPORT_H_
