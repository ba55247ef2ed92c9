#include "platform/baremetal/boot/trace_port.h"

#include <cstddef>
#include <cstdint>

#include "core/kernel/trace_export.h"
#include "drivers/reg/io_ports.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/power_off.h"

namespace toro::baremetal {
namespace {

using reg::IoPorts;

constexpr uint16_t kTracePort = 0xe8;
constexpr uint8_t kReadBack = 0xe9;  // what a debug console reads as, wherever it is

void WriteToPort(const void* data, size_t bytes) {
  const uint8_t* at = static_cast<const uint8_t*>(data);
  for (size_t i = 0; i < bytes; ++i) IoPorts::Write8(kTracePort, at[i]);
}

void Export() {
  StopOtherCpus();
  WaitForStoppedCpus();
  ExportTrace(&WriteToPort);
}

}  // namespace

bool HasTracePort() { return IoPorts::Read8(kTracePort) == kReadBack; }

void ExportTraceAtPowerOff() { SetBeforePowerOff(&Export); }

}  // namespace toro::baremetal
