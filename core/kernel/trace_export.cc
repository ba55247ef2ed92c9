#include "core/kernel/trace_export.h"

#include <cstdint>

#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/machine/machine.h"
#include "core/trace/trace_ring.h"

namespace toro {
namespace {

struct Header {
  char magic[8] = {'T', 'O', 'R', 'O', 'T', 'R', 'C', '1'};
  uint32_t cpus;
  uint32_t record_bytes = sizeof(TraceRecord);
  uint64_t end_ns;
};
static_assert(sizeof(Header) == 24);

}  // namespace

// Of all CPUs, which are halted or may write meanwhile.
void ExportTrace(void (*write)(const void* data, size_t bytes)) TORO_NO_AFFINITY {
  if (Cpu::CurrentOrNull() == nullptr) return;
  Cluster& cluster = Cluster::Get();
  Header header;
  header.cpus = static_cast<uint32_t>(cluster.cpus());
  header.end_ns = Machine::NowNs();
  write(&header, sizeof header);
  for (size_t i = 0; i < cluster.cpus(); ++i) {
    const TraceRing& ring = cluster.cpu(CpuId{i}).scheduler().trace();
    const uint64_t counts[] = {ring.count(), ring.kept()};
    write(counts, sizeof counts);
    // By position: a CPU that still runs may add meanwhile.
    for (uint64_t number = counts[0] - counts[1]; number < counts[0]; ++number) {
      write(&ring.at(number), sizeof(TraceRecord));
    }
  }
}

}  // namespace toro
