#include "platform/hosted/fault_handler.h"

#include <signal.h>
#include <sys/mman.h>

#include <cstdint>

#include "core/base/units.h"
#include "core/kernel/cpu.h"
#include "platform/hosted/executor.h"

namespace toro::hosted {
namespace {

constexpr size_t kFaultStackBytes = 64 * kKiB;

const char* SignalText(int signal) {
  switch (signal) {
    case SIGSEGV: return "page fault";
    case SIGBUS: return "bus error";
    case SIGFPE: return "division by zero or overflow";
    case SIGILL: return "illegal instruction";
    default: return "signal";
  }
}

void Report(int signal, siginfo_t* info, void*) {
  const char* meaning = nullptr;
  if (signal == SIGSEGV || signal == SIGBUS) meaning = DescribeFaultAddress(reinterpret_cast<uintptr_t>(info->si_addr));
  Die(128 + signal, "%s at address %p%s%s", SignalText(signal), info->si_addr, meaning != nullptr ? ": " : "",
      meaning != nullptr ? meaning : "");
}

}  // namespace

void InstallFaultHandlers() {
  struct sigaction action = {};
  action.sa_sigaction = &Report;
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
