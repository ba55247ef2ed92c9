// The way of a recorded trace (core/kernel/trace_export.h) out of the machine: a second debug console of QEMU,
// `-device isa-debugcon,iobase=0xe8,chardev=...`, which writes what the port gets to a file.
#ifndef PLATFORM_BAREMETAL_BOOT_TRACE_PORT_H_
#define PLATFORM_BAREMETAL_BOOT_TRACE_PORT_H_

namespace toro::baremetal {

// Is there a debug console at the port?
bool HasTracePort();

// From now on PowerOff stops the other CPUs and writes the trace to the port. Boot CPU, once.
void ExportTraceAtPowerOff();

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_TRACE_PORT_H_
