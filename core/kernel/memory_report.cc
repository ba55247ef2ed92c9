#include "core/kernel/memory_report.h"

#include <charconv>

#include "core/base/units.h"

namespace toro {
namespace {

// Whole large pages: what the kernel has taken for the CPU's own structures meanwhile counts.
size_t BytesIn(const PartitionRanges& partition, size_t node) {
  size_t bytes = 0;
  for (size_t r = 0; r < partition.count; ++r) {
    const MemoryRange& range = partition.ranges[r];
    if (partition.nodes[r] == node) bytes += range.end() - AlignDown(range.begin, kLargePageBytes);
  }
  return bytes;
}

}  // namespace

void MemoryReport::PrintNumber(uint64_t value) const {
  char text[20];
  char* end = std::to_chars(text, text + sizeof text, value).ptr;
  write_({text, static_cast<size_t>(end - text)});
}

size_t MemoryReport::CpusOf(size_t node) const {
  size_t count = 0;
  for (size_t cpu = 0; cpu < division_.cpus; ++cpu) count += nodes_.cpu_node[cpu] == node ? 1 : 0;
  return count;
}

size_t MemoryReport::BytesOf(size_t node) const {
  size_t bytes = 0;
  for (size_t cpu = 0; cpu < division_.cpus; ++cpu) bytes += BytesIn(division_.partitions[cpu], node);
  return bytes;
}

void MemoryReport::PrintNodes() const {
  if (nodes_.nodes == 0) {
    write_("toro: no nodes: the CPUs have equal shares of all memory\n");
    return;
  }
  for (size_t node = 0; node < nodes_.nodes; ++node) {
    write_("toro: node ");
    PrintNumber(node);
    PrintNode(node);
    write_(", distances");
    for (size_t to = 0; to < nodes_.nodes; ++to) {
      write_(" ");
      PrintNumber(nodes_.Distance(node, to));
    }
    write_("\n");
  }
  if (CpusOf(nodes_.nodes) == 0 && BytesOf(nodes_.nodes) == 0) return;
  write_("toro: in no node");
  PrintNode(nodes_.nodes);
  write_("\n");
}

void MemoryReport::PrintNode(size_t node) const {
  PrintCpusOf(node);
  size_t bytes = BytesOf(node);
  if (bytes == 0) {
    write_(", no memory");
  } else {
    write_(", ");
    PrintNumber(bytes / kMiB);
    write_(" MiB");
  }
}

// ": CPUs 0-3 8"
void MemoryReport::PrintCpusOf(size_t node) const {
  size_t count = CpusOf(node);
  write_(count == 0 ? ": no CPU" : count == 1 ? ": CPU" : ": CPUs");
  for (size_t cpu = 0; cpu < division_.cpus; ++cpu) {
    if (nodes_.cpu_node[cpu] != node) continue;
    size_t last = cpu;
    while (last + 1 < division_.cpus && nodes_.cpu_node[last + 1] == node) ++last;
    write_(" ");
    PrintNumber(cpu);
    if (last > cpu) {
      write_("-");
      PrintNumber(last);
    }
    cpu = last;
  }
}

void MemoryReport::PrintShare(CpuId cpu) const {
  const PartitionRanges& partition = division_.partitions[cpu.index()];
  size_t named = 0;
  for (size_t r = 0; r < partition.count && named < partition.bytes; ++r) {
    size_t node = partition.nodes[r];
    bool seen = false;
    for (size_t earlier = 0; earlier < r; ++earlier) seen = seen || partition.nodes[earlier] == node;
    if (seen) continue;
    if (named > 0) write_(", ");
    size_t bytes = BytesIn(partition, node);
    named += bytes;
    PrintNumber(bytes / kMiB);
    write_(" MiB");
    if (nodes_.nodes == 0) continue;
    if (node == nodes_.nodes) {
      write_(" of no node");
      continue;
    }
    write_(" of node ");
    PrintNumber(node);
    size_t own = nodes_.NodeOf(cpu);
    if (own == node || own == nodes_.nodes) continue;
    write_(" at distance ");
    PrintNumber(nodes_.Distance(own, node));
  }
}

void MemoryReport::PrintNotGiven() const {
  write_("toro: not given: ");
  PrintNumber(division_.unusable_bytes / kKiB);
  write_(" KiB in no whole large page");
  if (division_.left_out_bytes > 0) {
    write_(", ");
    PrintNumber(division_.left_out_bytes / kKiB);
    write_(" KiB in more pieces than the ");
    PrintNumber(kMaxPartitionRanges);
    write_(" of a partition");
  }
  write_("\n");
}

}  // namespace toro
