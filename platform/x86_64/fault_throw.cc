// The part of a CPU fault that throws, and what CpuFault is made of. Linked where something can catch: on the bare
// machine by need (runtime/throw_bad_alloc.cc), in a process always.
#include "platform/x86_64/fault_throw.h"

namespace toro {

CpuFault::~CpuFault() = default;

const char* CpuFault::what() const noexcept {
  switch (record_.kind) {
    case FaultKind::kDivide: return "Division by Zero";
    case FaultKind::kOverflow: return "Overflow";
    case FaultKind::kBound: return "Bound Check";
    case FaultKind::kIllegalInstruction: return "Illegal Instruction";
    case FaultKind::kDeviceNotAvailable: return "Device Not Available";
    case FaultKind::kSegmentNotPresent: return "Segment Not Present";
    case FaultKind::kStackSegment: return "Stack Segment Fault";
    case FaultKind::kProtection: return "General Protection";
    case FaultKind::kPage: return "Page Fault";
    case FaultKind::kFloatingPoint: return "FPU Error";
    case FaultKind::kAlignment: return "Alignment Check";
    case FaultKind::kSimd: return "SIMD Error";
  }
  return "CPU Fault";
}

}  // namespace toro

// Called by the trampoline, on the stack of the thread that faulted, with the record that lies on it.
extern "C" [[noreturn]] void toro_throw_cpu_fault(const toro::FaultRecord& record) {
  using toro::FaultKind;
  switch (record.kind) {
    case FaultKind::kDivide: throw toro::DivideFault(record);
    case FaultKind::kOverflow: throw toro::OverflowFault(record);
    case FaultKind::kBound: throw toro::BoundFault(record);
    case FaultKind::kIllegalInstruction: throw toro::IllegalInstructionFault(record);
    case FaultKind::kDeviceNotAvailable: throw toro::DeviceNotAvailableFault(record);
    case FaultKind::kSegmentNotPresent: throw toro::SegmentFault(record);
    case FaultKind::kStackSegment: throw toro::StackSegmentFault(record);
    case FaultKind::kProtection: throw toro::ProtectionFault(record);
    case FaultKind::kPage: throw toro::PageFault(record);
    case FaultKind::kFloatingPoint: throw toro::FloatingPointFault(record);
    case FaultKind::kAlignment: throw toro::AlignmentFault(record);
    case FaultKind::kSimd: throw toro::SimdFault(record);
  }
  throw toro::CpuFault(record);
}
