// HandleException: an exception of the CPU, as an exception of C++ or in words.
#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/x86_64/fault_text.h"
#include "platform/x86_64/fault_throw.h"

namespace toro::baremetal {
namespace {

enum Vector : uint64_t { kNonMaskable = 2, kPageFault = 14 };

FaultRecord RecordOf(const ExceptionFrame& f, uint64_t address) {
  FaultRecord record;
  const uint64_t registers[] = {f.r15, f.r14, f.r13, f.r12, f.r11, f.r10, f.r9,  f.r8,     f.rbp,
                                f.rdi, f.rsi, f.rdx, f.rcx, f.rbx, f.rax, f.rip, f.rflags, f.rsp};
  static_assert(sizeof registers == sizeof record.registers);
  for (size_t i = 0; i < FaultRecord::kRegisters; ++i) record.registers[i] = registers[i];
  record.vector = static_cast<uint8_t>(f.vector);
  record.error_code = f.error_code;
  record.address = address;
  record.cpu = CurrentCpuBlock().id;
  return record;
}

// In a thread: lets it go on where the exception is thrown. False: this fault is fatal.
bool ContinueInTrampoline(ExceptionFrame& frame, FaultRecord& record) {
  uint64_t stack_low, stack_top;
  if (StackOfThread == nullptr || x86_64::IsUnknownInterrupt(record.vector, frame.error_code)) return false;
  if (!StackOfThread(stack_low, stack_top)) return false;
  if (frame.vector == kPageFault && IsStackOverflow(record.address, frame.rsp)) return false;
  if (!x86_64::ClassifyFault(record)) return false;
  x86_64::RecordBacktrace(record, stack_low, stack_top);
  FaultRecord* place = x86_64::PlaceOnStack(record, stack_low, stack_top);
  if (place == nullptr) return false;
  constexpr uint64_t kTrap = 1 << 8, kNested = 1 << 14;
  frame.rsp = frame.rdi = reinterpret_cast<uint64_t>(place);
  frame.rip = reinterpret_cast<uint64_t>(&toro_fault_trampoline);
  frame.rflags &= ~(kTrap | kNested);
  return true;
}

// What the address of a page fault says, or null.
const char* MeaningOf(const FaultRecord& record) {
  const char* meaning = DescribeFaultAddress != nullptr ? DescribeFaultAddress(record.address) : nullptr;
  if (meaning != nullptr) return meaning;
  if (IsStackOverflow != nullptr && IsStackOverflow(record.address, record.registers[x86_64::kRsp])) {
    return "stack overflow: a large frame reached beyond the thread's stack";
  }
  return IsBootStackGuard(record.address) ? "stack overflow of the CPU's own stack" : nullptr;
}

void PrintCauseAndRegisters(const FaultRecord& record, const char* end_of_where) {
  Print("\ntoro: fatal: ");
  x86_64::PrintFaultCause(record, MeaningOf(record), &Print);
  Print("\n");
  PrintWhere(record.cpu, end_of_where);
  x86_64::PrintRegisters(record, &Print);
  Print("\n  cr2 ");
  PrintHex(record.address, 16);
  Print("  cr3 ");
  PrintHex(ReadCr3(), 16);
  Print("  error ");
  PrintHex(record.error_code, 16);
  Print("\n");
}

// A call of something that is no code has made no frame yet: its return address is the top of the stack.
void PrintFaultBacktrace(const ExceptionFrame& frame) {
  constexpr uint64_t kWasFetch = 16;  // [sdm3 4.7]
  bool jumped_nowhere = frame.vector == kPageFault && (frame.error_code & kWasFetch);
  if (jumped_nowhere && frame.rsp % 8 == 0 && IsMapped(frame.rsp, 8)) {
    PrintBacktrace(*reinterpret_cast<const uint64_t*>(frame.rsp) - 1, frame.rbp);
  } else {
    PrintBacktrace(frame.rip, frame.rbp);
  }
}

}  // namespace

// Called by the stubs, on the exception's own stack. Returns when the frame says where to go on.
extern "C" void HandleException(ExceptionFrame& frame) {
  if (frame.vector == kNonMaskable && IsStopping() && !IsReporting()) HaltForReport(frame.rip, frame.rbp);
  FaultRecord record = RecordOf(frame, ReadCr2());
  if (NoteFault != nullptr && frame.vector != kNonMaskable) NoteFault(record.vector, frame.rip, record.address);
  if (!IsStopping() && ContinueInTrampoline(frame, record)) return;
  BeginPanic();
  PrintCauseAndRegisters(record, "");
  PrintFaultBacktrace(frame);
  EndPanic();
}

void ReportUncaughtFault(const FaultRecord& record, const uint64_t* frames, uint64_t frame_count) {
  BeginPanic();
  PrintCauseAndRegisters(record, "; nobody caught it");
  PrintFrames(frames, frame_count);
  EndPanic();
}

}  // namespace toro::baremetal
