// From a fault of the CPU to a C++ exception on the stack of the thread that faulted.
//
// WHY a trampoline. The code that faulted made no call: what the unwinder needs to go on from there (all registers, and
// the address of an instruction, not of the one behind a call) must be said by somebody. So the handler, on a stack of
// its own, leaves a FaultRecord on the thread's stack and lets the thread continue in toro_fault_trampoline
// (fault_trampoline.S), whose unwind information is that of a signal frame: every register is found in the record. The
// trampoline calls the function that throws.
//
// LAYOUT of the thread's stack, addresses grow upwards
//   rsp at the fault
//   128 bytes that the faulting code may use without moving rsp: the red zone [psabi 3.2.2]
//   FaultRecord, 16-byte aligned      <- rsp and rdi in the trampoline
//
// INVARIANTS
//   I1. The handler writes to the thread's stack only below the red zone, and only inside of that stack.
//   I2. The handler returns by IRET (on the bare machine) or from the signal: what the CPU or the kernel of the host
//       remembers about being in a handler is over before anything is thrown, so a fault in a catch block is a fault
//       like any other.
#ifndef PLATFORM_X86_64_FAULT_THROW_H_
#define PLATFORM_X86_64_FAULT_THROW_H_

#include <cstddef>
#include <cstdint>

#include "core/kernel/cpu_fault.h"

// What throws. Weak: an image in which nothing can catch has no such function.
extern "C" [[noreturn, gnu::weak]] void toro_throw_cpu_fault(const toro::FaultRecord& record);
extern "C" void toro_fault_trampoline();

namespace toro::x86_64 {

// Places in FaultRecord::registers. fault_trampoline.S counts on them.
enum Register : size_t {
  kR15,
  kR14,
  kR13,
  kR12,
  kR11,
  kR10,
  kR9,
  kR8,
  kRbp,
  kRdi,
  kRsi,
  kRdx,
  kRcx,
  kRbx,
  kRax,
  kRip,
  kRflags,
  kRsp
};
static_assert(kRsp + 1 == FaultRecord::kRegisters);
static_assert(offsetof(FaultRecord, unwind_instruction) == 8 * 18 && offsetof(FaultRecord, unwind_stack) == 8 * 19);

// Completes `record`, of which registers, vector, error_code and address are known. False: this vector is never an
// exception of the application.
bool ClassifyFault(FaultRecord& record);

// Fills frames by following the frame pointers inside of [record's rsp, stack_top).
void RecordBacktrace(FaultRecord& record, uint64_t stack_low, uint64_t stack_top);

// Copies the record to the stack of the thread, [stack_low, stack_top), and returns where it is: the rsp and rdi with
// which the thread is to go on in toro_fault_trampoline. Null: nothing in this image throws, or there is no room.
FaultRecord* PlaceOnStack(const FaultRecord& record, uint64_t stack_low, uint64_t stack_top);

}  // namespace toro::x86_64

#endif  // PLATFORM_X86_64_FAULT_THROW_H_
