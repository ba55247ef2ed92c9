// HandleException: an exception of the CPU, as an exception of C++ or in words.
#include <string_view>

#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/x86_64/fault_throw.h"

namespace toro::baremetal {
namespace {

enum Vector : uint64_t { kNonMaskable = 2, kSegmentNotPresent = 11, kProtection = 13, kPageFault = 14 };

// [sdm3 6.3.1]
constexpr const char* kNames[32] = {
    "divide error (a division by zero, or a quotient that does not fit)",
    "debug trap",
    "non-maskable interrupt",
    "breakpoint",
    "overflow trap",
    "bound range exceeded",
    "invalid instruction",
    "no floating-point unit",
    "double fault",
    "coprocessor segment overrun",
    "invalid task state segment",
    "segment not present",
    "stack segment fault",
    "general protection fault (a non-canonical address, or an operation that ring 0 may not do)",
    "page fault",
    "reserved exception 15",
    "floating-point error",
    "misaligned access",
    "machine check: the hardware reports a defect",
    "vector floating-point error",
    "virtualisation exception",
    "control protection fault",
};

// An error code about a selector: bit 1 says that it was an interrupt's gate [sdm3 6.13].
constexpr uint64_t kOfGate = 2;

constexpr uint64_t kNullAreaBytes = 64 * 1024;

// Bits of a page fault's error code [sdm3 4.7].
constexpr uint64_t kWasPresent = 1, kWasWrite = 2, kReservedBit = 8, kWasFetch = 16;

void PrintPageFault(const ExceptionFrame& frame, uint64_t address) {
  const char* meaning = DescribeFaultAddress != nullptr ? DescribeFaultAddress(address) : nullptr;
  if (meaning != nullptr) {
    Print(meaning);
  } else if (IsStackOverflow != nullptr && IsStackOverflow(address, frame.rsp)) {
    Print("stack overflow: a large frame reached beyond the thread's stack");
  } else if (IsBootStackGuard(address)) {
    Print("access beyond the end of one of the CPU's own stacks");
  } else if (address < kNullAreaBytes) {
    Print("null dereference");
  } else {
    Print("page fault");
  }
  Print((frame.error_code & kWasFetch)   ? ": execution at "
        : (frame.error_code & kWasWrite) ? ": write to "
                                         : ": read of ");
  PrintHex(address, 16);
  if (frame.error_code & kReservedBit) {
    Print(", whose page table entry is corrupt");
  } else if (!(frame.error_code & kWasPresent)) {
    Print(", where no memory is mapped");
  } else if (frame.error_code & kWasFetch) {
    Print(", which is not code");
  } else {
    Print(", which is read-only");
  }
}

ExceptionFrame FrameOf(const FaultRecord& record) {
  using namespace x86_64;
  const uint64_t* r = record.registers;
  ExceptionFrame frame{};
  uint64_t* general[] = {&frame.r15, &frame.r14, &frame.r13, &frame.r12, &frame.r11, &frame.r10,
                         &frame.r9,  &frame.r8,  &frame.rbp, &frame.rdi, &frame.rsi, &frame.rdx,
                         &frame.rcx, &frame.rbx, &frame.rax, &frame.rip, &frame.rflags, &frame.rsp};
  for (size_t i = 0; i < FaultRecord::kRegisters; ++i) *general[i] = r[i];
  frame.vector = record.vector;
  frame.error_code = record.error_code;
  return frame;
}

bool IsUnknownInterrupt(const ExceptionFrame& frame) {
  return (frame.vector == kSegmentNotPresent || frame.vector == kProtection) && (frame.error_code & kOfGate);
}

void PrintCause(const ExceptionFrame& frame, uint64_t address) {
  Print("\ntoro: fatal: ");
  if (frame.vector == kPageFault) {
    PrintPageFault(frame, address);
  } else if (IsUnknownInterrupt(frame)) {
    Print("interrupt without a handler, error code ");
    PrintHex(frame.error_code);
    Print(" (8 times the vector, plus 2)");
  } else {
    const char* name = frame.vector < 32 ? kNames[frame.vector] : nullptr;
    Print(name != nullptr ? name : "reserved exception");
    if (frame.error_code != 0) {
      Print(", error code ");
      PrintHex(frame.error_code);
    }
  }
  Print("\n");
}

void PrintRegister(std::string_view name, uint64_t value, std::string_view end) {
  Print(name);
  PrintHex(value, 16);
  Print(end);
}

void PrintRegisters(const ExceptionFrame& f, uint64_t address) {
  PrintRegister("  rip ", f.rip, "  ");
  PrintRegister("rsp ", f.rsp, "  ");
  PrintRegister("rbp ", f.rbp, "\n");
  PrintRegister("  rax ", f.rax, "  ");
  PrintRegister("rbx ", f.rbx, "  ");
  PrintRegister("rcx ", f.rcx, "\n");
  PrintRegister("  rdx ", f.rdx, "  ");
  PrintRegister("rsi ", f.rsi, "  ");
  PrintRegister("rdi ", f.rdi, "\n");
  PrintRegister("  r8  ", f.r8, "  ");
  PrintRegister("r9  ", f.r9, "  ");
  PrintRegister("r10 ", f.r10, "\n");
  PrintRegister("  r11 ", f.r11, "  ");
  PrintRegister("r12 ", f.r12, "  ");
  PrintRegister("r13 ", f.r13, "\n");
  PrintRegister("  r14 ", f.r14, "  ");
  PrintRegister("r15 ", f.r15, "  ");
  PrintRegister("flags ", f.rflags, "\n");
  PrintRegister("  cr2 ", address, "  ");
  PrintRegister("cr3 ", ReadCr3(), "  ");
  PrintRegister("error ", f.error_code, "\n");
}

// A call of something that is no code has made no frame yet: its return address is the top of the stack.
void PrintFaultBacktrace(const ExceptionFrame& frame) {
  bool jumped_nowhere = frame.vector == kPageFault && (frame.error_code & kWasFetch);
  if (jumped_nowhere && frame.rsp % 8 == 0 && IsMapped(frame.rsp, 8)) {
    PrintBacktrace(*reinterpret_cast<const uint64_t*>(frame.rsp) - 1, frame.rbp);
  } else {
    PrintBacktrace(frame.rip, frame.rbp);
  }
}

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
bool ContinueInTrampoline(ExceptionFrame& frame, uint64_t address) {
  uint64_t stack_low, stack_top;
  if (StackOfThread == nullptr || IsUnknownInterrupt(frame) || !StackOfThread(stack_low, stack_top)) return false;
  if (frame.vector == kPageFault && IsStackOverflow(address, frame.rsp)) return false;
  FaultRecord record = RecordOf(frame, address);
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

}  // namespace

// Called by the stubs, on the exception's own stack. Returns when the frame says where to go on.
extern "C" void HandleException(ExceptionFrame& frame) {
  if (frame.vector == kNonMaskable && IsStopping() && !IsReporting()) HaltForEver();
  uint64_t address = ReadCr2();
  if (!IsStopping() && ContinueInTrampoline(frame, address)) return;
  BeginPanic();
  PrintCause(frame, address);
  PrintWhere();
  PrintRegisters(frame, address);
  PrintFaultBacktrace(frame);
  EndPanic();
}

void ReportUncaughtFault(const FaultRecord& record) {
  BeginPanic();
  ExceptionFrame frame = FrameOf(record);
  PrintCause(frame, record.address);
  Print("  on CPU ");
  PrintDecimal(record.cpu.index());
  Print(", thread ");
  Print(CurrentThreadName());
  Print("; nobody caught it\n");
  PrintRegisters(frame, record.address);
  PrintFrames(record.frames, record.frame_count);
  EndPanic();
}

}  // namespace toro::baremetal
