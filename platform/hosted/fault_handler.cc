#include "platform/hosted/fault_handler.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>

#include "core/base/units.h"
#include "core/kernel/cpu.h"
#include "platform/hosted/executor.h"
#include "platform/x86_64/fault_text.h"
#include "platform/x86_64/fault_throw.h"

namespace toro::hosted {
namespace {

constexpr size_t kFaultStackBytes = 64 * kKiB;
constexpr uint8_t kPageFault = 14;

FaultRecord RecordOf(const greg_t* registers) {
  static constexpr int kOrder[] = {REG_R15, REG_R14, REG_R13, REG_R12, REG_R11, REG_R10, REG_R9,  REG_R8,  REG_RBP,
                                   REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_RBX, REG_RAX, REG_RIP, REG_EFL, REG_RSP};
  FaultRecord record;
  static_assert(sizeof kOrder / sizeof kOrder[0] == FaultRecord::kRegisters);
  for (size_t i = 0; i < FaultRecord::kRegisters; ++i) {
    record.registers[i] = static_cast<uint64_t>(registers[kOrder[i]]);
  }
  record.vector = static_cast<uint8_t>(registers[REG_TRAPNO]);
  record.error_code = static_cast<uint64_t>(registers[REG_ERR]);
  record.address = static_cast<uint64_t>(registers[REG_CR2]);
  if (Cpu* here = Cpu::CurrentOrNull()) record.cpu = here->id();
  return record;
}

// In a thread: lets it go on where the exception is thrown. False: this fault is fatal.
bool ContinueInTrampoline(greg_t* registers, FaultRecord& record) {
  uintptr_t stack_low, stack_top;
  if (!StackOfThread(stack_low, stack_top)) return false;
  if (record.vector == kPageFault && IsStackOverflow(record.address, record.registers[x86_64::kRsp])) return false;
  if (!x86_64::ClassifyFault(record)) return false;
  x86_64::RecordBacktrace(record, stack_low, stack_top);
  FaultRecord* place = x86_64::PlaceOnStack(record, stack_low, stack_top);
  if (place == nullptr) return false;
  constexpr greg_t kTrap = 1 << 8, kAlignmentCheck = 1 << 18;
  registers[REG_RSP] = registers[REG_RDI] = reinterpret_cast<greg_t>(place);
  registers[REG_RIP] = reinterpret_cast<greg_t>(&toro_fault_trampoline);
  registers[REG_EFL] &= ~(kTrap | kAlignmentCheck);
  return true;
}

void ReportCause(const FaultRecord& record, const char* end_of_where) {
  const char* meaning = DescribeFaultAddress(record.address);
  if (meaning == nullptr && IsStackOverflow(record.address, record.registers[x86_64::kRsp])) {
    meaning = "stack overflow: a large frame reached beyond the thread's stack";
  }
  ReportText("toro: fatal: ");
  x86_64::PrintFaultCause(record, meaning, &ReportText);
  ReportText("\n");
  ReportWhere(end_of_where);
  x86_64::PrintRegisters(record, &ReportText);
  ReportText("\n");
}

[[gnu::noinline]] void HandleSignal(int signal, siginfo_t* info, void* context) {
  if (info->si_code <= 0) Die(128 + signal, "another process sent signal %d", signal);
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  FaultRecord record = RecordOf(registers);
  NoteFault(record.vector, record.registers[x86_64::kRip], record.address);
  if (ContinueInTrampoline(registers, record)) return;
  BeginReport(128 + signal);
  ReportCause(record, "");
  ReportFramesFrom(record.registers[x86_64::kRip], reinterpret_cast<const void*>(record.registers[x86_64::kRbp]));
  EndReport(128 + signal);
}

// A signal leaves the alignment check of the program on, and the handler's own code does not care about alignment.
void OnSignal(int signal, siginfo_t* info, void* context) {
  asm volatile("leaq -128(%%rsp), %%rsp; pushfq; andq $~0x40000, (%%rsp); popfq; leaq 128(%%rsp), %%rsp"
               :
               :
               : "cc", "memory");
  HandleSignal(signal, info, context);
}

int SignalOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kDivide:
    case FaultKind::kFloatingPoint:
    case FaultKind::kSimd: return SIGFPE;
    case FaultKind::kIllegalInstruction: return SIGILL;
    case FaultKind::kAlignment:
    case FaultKind::kSegmentNotPresent:
    case FaultKind::kStackSegment: return SIGBUS;
    default: return SIGSEGV;
  }
}

}  // namespace

void ReportUncaughtFault(const FaultRecord& record, const uint64_t* frames, size_t count) {
  int status = 128 + SignalOf(record.kind);
  BeginReport(status);
  ReportCause(record, "; nobody caught it");
  ReportFrames(frames, count);
  EndReport(status);
}

void InstallFaultHandlers() {
  struct sigaction action = {};
  action.sa_sigaction = &OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
}

void UseFaultStack() {
  stack_t stack = {};
  stack.ss_size = kFaultStackBytes;
  stack.ss_sp = mmap(nullptr, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack.ss_sp != MAP_FAILED) sigaltstack(&stack, nullptr);
}

}  // namespace toro::hosted
