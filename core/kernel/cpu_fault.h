// CpuFault: a fault of the CPU as a C++ exception, on the bare machine and in a Linux process alike.
//
//     try { *p = 1; } catch (const toro::PageFault& fault) { ... fault.address() ... }
//
// WHAT becomes an exception: a fault in a thread, in code of the application. It is thrown where it happened, on the
// thread's own stack; frames are unwound and destructors run as for any exception. Nobody catches it: the kernel stops
// with the report of the fault, registers and backtrace as they were then.
//
// WHAT stays fatal: a fault in the kernel's own code, in its loop, in message context, in a function that is noexcept
// (as C++ says: std::terminate), in a library function that was compiled without unwind tables (memcpy of the image),
// in an application that cannot catch anything; a stack overflow, since neither the throw nor a destructor has stack to
// run on; a double fault, a machine check; a breakpoint and a debug trap, which belong to a debugger.
//
// HOW the application must be compiled: with -fnon-call-exceptions, or the compiler takes for granted that a load
// cannot throw. toro_cc_app does that; a cc_library of the application's own needs it in its copts. Inline assembly
// that faults must lie in a function that is [[gnu::noipa]] or called by pointer: GCC takes for granted that it cannot
// throw.
//
// 64-bit code has neither INTO nor BOUND: OverflowFault comes from `int $4` only, BoundFault from `int $5`, and in a
// Linux process the second is a ProtectionFault. AlignmentFault needs user mode: it comes in a Linux process only.
//
// COST. Nothing where no fault happens. A fault that is caught costs a throw and the entry of the exception
// (docs/performance.md). No lock, no memory but the exception object's: CPUs fault and throw independently.
#ifndef CORE_KERNEL_CPU_FAULT_H_
#define CORE_KERNEL_CPU_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <exception>

#include "core/base/cpu_id.h"

namespace toro {

enum class FaultKind : uint8_t {
  kDivide,
  kOverflow,
  kBound,
  kIllegalInstruction,
  kDeviceNotAvailable,
  kSegmentNotPresent,
  kStackSegment,
  kProtection,
  kPage,
  kFloatingPoint,
  kAlignment,
  kSimd,
};

enum class FaultAccess : uint8_t { kRead, kWrite, kExecute };

// What the CPU said, and where the program was. Filled by the platform.
struct FaultRecord {
  static constexpr size_t kRegisters = 18;
  static constexpr size_t kMostFrames = 24;

  uint64_t registers[kRegisters] = {};  // at the fault, in the platform's order
  uint64_t unwind_instruction = 0;      // where the unwinder starts: differs from the registers' when the program
  uint64_t unwind_stack = 0;            // jumped to what is no code
  uint64_t instruction = 0;
  uint64_t address = 0;  // of a page fault
  uint64_t error_code = 0;
  FaultKind kind = FaultKind::kDivide;
  FaultAccess access = FaultAccess::kRead;  // of a page fault
  uint8_t vector = 0;
  CpuId cpu;
  uint64_t frame_count = 0;
  uint64_t frames[kMostFrames] = {};  // return addresses, the innermost first
};

class CpuFault : public std::exception {
 public:
  explicit CpuFault(const FaultRecord& record) noexcept : record_(record) {}
  ~CpuFault() override;

  // "Division by Zero", "Page Fault", ...
  const char* what() const noexcept override;

  FaultKind kind() const { return record_.kind; }
  // The address of the instruction that faulted.
  uintptr_t instruction() const { return record_.instruction; }
  // Where it happened; the thread may have migrated since.
  CpuId cpu() const { return record_.cpu; }
  const FaultRecord& record() const { return record_; }

 private:
  FaultRecord record_;
};

// A division by zero, or a quotient that does not fit.
struct DivideFault : CpuFault {
  using CpuFault::CpuFault;
};
struct OverflowFault : CpuFault {
  using CpuFault::CpuFault;
};
struct BoundFault : CpuFault {
  using CpuFault::CpuFault;
};
struct IllegalInstructionFault : CpuFault {
  using CpuFault::CpuFault;
};
// An instruction of the floating-point unit while CR0.TS is set. The bit is clear when the exception arrives: the C++
// library uses that unit.
struct DeviceNotAvailableFault : CpuFault {
  using CpuFault::CpuFault;
};
// A selector of a segment that is not present was loaded.
struct SegmentFault : CpuFault {
  using CpuFault::CpuFault;
};
// A push, pop or rbp-relative access at a non-canonical address, or a bad selector for SS.
struct StackSegmentFault : CpuFault {
  using CpuFault::CpuFault;
};
// A non-canonical address, a bad selector, or an operation that is not allowed.
struct ProtectionFault : CpuFault {
  using CpuFault::CpuFault;
};
struct PageFault : CpuFault {
  using CpuFault::CpuFault;
  uintptr_t address() const { return record().address; }
  FaultAccess access() const { return record().access; }
};
// An unmasked exception of the x87 unit. Its flags are clear when it arrives; the mask is the program's affair.
struct FloatingPointFault : CpuFault {
  using CpuFault::CpuFault;
};
struct AlignmentFault : CpuFault {
  using CpuFault::CpuFault;
};
// An unmasked exception of a vector instruction. The flags of MXCSR are clear when it arrives.
struct SimdFault : CpuFault {
  using CpuFault::CpuFault;
};

}  // namespace toro

#endif  // CORE_KERNEL_CPU_FAULT_H_
