// A recorded trace as a file.
//
// LAYOUT, little-endian. tools/toro/trace.py reads it; docs/trace.md names the events.
//   char magic[8]      "TOROTRC1"
//   u32  cpus
//   u32  record_bytes  32
//   u64  end_ns        when this was written, by the clock of the stamps
//   per CPU:  u64 written   events that there ever were
//             u64 kept      records that follow, oldest first; the last ones of those (trace_ring.h)
#ifndef CORE_KERNEL_TRACE_EXPORT_H_
#define CORE_KERNEL_TRACE_EXPORT_H_

#include <cstddef>

namespace toro {

// Passes the trace of every CPU to write(), piece by piece. When the machine is about to power off and the other CPUs
// have been stopped, or while they still run: then the last records of theirs may be half-written, or none, and may
// have happened after end_ns. Takes no memory. Writes nothing before there is a cluster.
[[gnu::cold]] void ExportTrace(void (*write)(const void* data, size_t bytes));

}  // namespace toro

#endif  // CORE_KERNEL_TRACE_EXPORT_H_
