// The slow lane of the hosted world, and how a hosted kernel dies.
#include "core/machine/platform_services.h"

#include <cxxabi.h>
#include <execinfo.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/machine.h"
#include "platform/hosted/executor.h"

namespace toro {
namespace hosted {
namespace {

// Before an executor exists: one CPU, real time.
class NoExecutor : public Executor {
 public:
  void WakeCpu(CpuId) override {}
  void HaltCpu(uint64_t) override {}
  uint64_t NowNs() override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
  }
  void Relax() override { sched_yield(); }
};

NoExecutor no_executor;
Executor* current_executor = &no_executor;

constexpr int kCheckFailedStatus = 134;  // what a shell reports of abort()

void PrintBacktrace() {
  void* frames[64];
  int count = backtrace(frames, 64);
  char** symbols = backtrace_symbols(frames, count);
  if (symbols == nullptr) return;
  for (int i = 2; i < count; ++i) {
    // "program(mangled+0x12) [0x...]"
    std::string line = symbols[i];
    size_t open = line.find('('), plus = line.find('+', open);
    if (open != std::string::npos && plus != std::string::npos && plus > open + 1) {
      int status = 0;
      std::string mangled = line.substr(open + 1, plus - open - 1);
      char* demangled = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
      if (status == 0) line = std::string(demangled) + line.substr(plus);
      std::free(demangled);
    }
    std::fprintf(stderr, "  #%d %s\n", i - 2, line.c_str());
  }
  std::free(symbols);
}

}  // namespace

std::string (*describe_current)() = nullptr;

Executor& CurrentExecutor() { return *current_executor; }
void SetExecutor(Executor& executor) { current_executor = &executor; }

void Die(const std::string& cause, int status) {
  static bool dying = false;
  if (dying) _exit(status);
  dying = true;
  std::fflush(stdout);
  std::fprintf(stderr, "toro: fatal: %s\n", cause.c_str());
  if (describe_current != nullptr) std::fprintf(stderr, "  on %s\n", describe_current().c_str());
  PrintBacktrace();
  std::fflush(stderr);
  _exit(status);
}

}  // namespace hosted

void CheckFailed(const char* file, int line, const char* expression, const char* message) {
  std::string cause = std::string(file) + ":" + std::to_string(line) + ": check failed: " + expression;
  if (message != nullptr) cause += std::string(": ") + message;
  hosted::Die(cause, hosted::kCheckFailedStatus);
}

void CheckFailedAt(const char* file, int line, const char* message, const void* address) {
  char text[32];
  std::snprintf(text, sizeof text, " [address %p]", address);
  hosted::Die(std::string(file) + ":" + std::to_string(line) + ": " + message + text, hosted::kCheckFailedStatus);
}

namespace platform {

void WakeCpu(CpuId cpu) { hosted::CurrentExecutor().WakeCpu(cpu); }

void HaltCpu(uint64_t deadline_ns) { hosted::CurrentExecutor().HaltCpu(deadline_ns); }

void ConsoleWrite(const char* text, size_t bytes) {
  std::fwrite(text, 1, bytes, stdout);
  std::fflush(stdout);
}

void PowerOff(int status) {
  std::fflush(stdout);
  hosted::CurrentExecutor().BeforePowerOff(status);
  _exit(status & 0xff);
}

// Destructors of static objects are left out: other CPUs still run.
void Exit(int status) { PowerOff(status); }

bool SetGuardPage(void* page, bool guard) {
  return mprotect(page, kPageBytes, guard ? PROT_NONE : PROT_READ | PROT_WRITE) == 0;
}

// The process has one address space: the guard holds for every pthread at once.
void AdoptGuardPage(void*) {}

// The thread_local variables of a process belong to the pthread, that is to the CPU: see PORTING.md.
size_t ThreadLocalBytes() { return 0; }
void InitThreadLocals(void*) {}
void FinishThreadLocals() {}

}  // namespace platform
}  // namespace toro
