// HandleException: an exception of the CPU, in words.
#include <string_view>

#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/page_tables.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/privileged.h"

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

// Bits of a page fault's error code [sdm3 4.7].
constexpr uint64_t kWasPresent = 1, kWasWrite = 2, kReservedBit = 8, kWasFetch = 16;

void PrintPageFault(const ExceptionFrame& frame, uint64_t address) {
  const char* overflow = DescribeFaultAddress != nullptr ? DescribeFaultAddress(address) : nullptr;
  if (overflow != nullptr) {
    Print(overflow);
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

void PrintCause(const ExceptionFrame& frame, uint64_t address) {
  Print("\ntoro: fatal: ");
  if (frame.vector == kPageFault) {
    PrintPageFault(frame, address);
  } else if ((frame.vector == kSegmentNotPresent || frame.vector == kProtection) && (frame.error_code & kOfGate)) {
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

}  // namespace

// Called by the stubs, on the exception's own stack.
extern "C" [[noreturn]] void HandleException(const ExceptionFrame& frame) {
  if (frame.vector == kNonMaskable && IsStopping() && !IsReporting()) HaltForEver();
  uint64_t address = ReadCr2();
  BeginPanic();
  PrintCause(frame, address);
  PrintWhere();
  PrintRegisters(frame, address);
  PrintFaultBacktrace(frame);
  EndPanic();
}

}  // namespace toro::baremetal
