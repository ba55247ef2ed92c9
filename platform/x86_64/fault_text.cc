#include "platform/x86_64/fault_text.h"

#include "platform/x86_64/fault_throw.h"

namespace toro::x86_64 {
namespace {

constexpr uint8_t kSegmentNotPresent = 11, kProtection = 13, kPageFault = 14;

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
    "general protection fault (a non-canonical address, a bad selector, or an operation that is not allowed)",
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

void PrintHex(uint64_t value, int digits, PrintFunction print) {
  char text[18];
  size_t at = sizeof text;
  for (; value != 0 || digits > 0; value >>= 4, --digits) text[--at] = "0123456789abcdef"[value & 15];
  text[--at] = 'x';
  text[--at] = '0';
  print({text + at, sizeof text - at});
}

void PrintPageFault(const FaultRecord& record, const char* meaning, PrintFunction print) {
  print(meaning != nullptr ? meaning : record.address < kNullAreaBytes ? "null dereference" : "page fault");
  print((record.error_code & kWasFetch)   ? ": execution at "
        : (record.error_code & kWasWrite) ? ": write to "
                                          : ": read of ");
  PrintHex(record.address, 16, print);
  if (record.error_code & kReservedBit) {
    print(", whose page table entry is corrupt");
  } else if (!(record.error_code & kWasPresent)) {
    print(", where no memory is mapped");
  } else if (record.error_code & kWasFetch) {
    print(", which is not code");
  } else {
    print(", which is read-only");
  }
}

}  // namespace

bool IsUnknownInterrupt(uint8_t vector, uint64_t error_code) {
  return (vector == kSegmentNotPresent || vector == kProtection) && (error_code & kOfGate);
}

void PrintFaultCause(const FaultRecord& record, const char* meaning, PrintFunction print) {
  if (record.vector == kPageFault) {
    PrintPageFault(record, meaning, print);
  } else if (IsUnknownInterrupt(record.vector, record.error_code)) {
    print("interrupt without a handler, error code ");
    PrintHex(record.error_code, 1, print);
    print(" (8 times the vector, plus 2)");
  } else {
    const char* name = record.vector < 32 ? kNames[record.vector] : nullptr;
    print(name != nullptr ? name : "reserved exception");
    if (record.error_code != 0) {
      print(", error code ");
      PrintHex(record.error_code, 1, print);
    }
  }
}

void PrintRegisters(const FaultRecord& record, PrintFunction print) {
  static constexpr struct {
    std::string_view label;
    Register place;
  } kOrder[] = {
      {"  rip ", kRip},   {"  rsp ", kRsp},   {"  rbp ", kRbp},      {"\n  rax ", kRax}, {"  rbx ", kRbx},
      {"  rcx ", kRcx},   {"\n  rdx ", kRdx}, {"  rsi ", kRsi},      {"  rdi ", kRdi},   {"\n  r8  ", kR8},
      {"  r9  ", kR9},    {"  r10 ", kR10},   {"\n  r11 ", kR11},    {"  r12 ", kR12},   {"  r13 ", kR13},
      {"\n  r14 ", kR14}, {"  r15 ", kR15},   {"  flags ", kRflags},
  };
  for (const auto& entry : kOrder) {
    print(entry.label);
    PrintHex(record.registers[entry.place], 16, print);
  }
}

}  // namespace toro::x86_64
