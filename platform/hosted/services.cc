// The slow lane of the hosted world, and how a hosted kernel dies.
#include "core/machine/platform_services.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/machine.h"
#include "platform/hosted/c_library.h"
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
    return HostClockNs(CLOCK_MONOTONIC);
  }
  void Relax() override { YieldToHost(); }
};

NoExecutor no_executor;
Executor* current_executor = &no_executor;

constexpr int kCheckFailedStatus = 134;  // what a shell reports of abort()

// The first CPU that fails or powers off decides how the process ends: true for it. The others wait here for that end.
// False: this CPU began the end already.
bool BeginTheEnd() {
  static std::atomic<pid_t> decider{0};
  pid_t found = 0;
  if (decider.compare_exchange_strong(found, gettid())) return true;
  while (found != gettid()) pause();
  return false;
}

void PrintBacktrace() {
  void* frames[64];
  int count = backtrace(frames, 64);
  for (int i = 2; i < count; ++i) {
    Dl_info symbol = {};
    if (dladdr(frames[i], &symbol) == 0 || symbol.dli_sname == nullptr) {
      std::fprintf(stderr, "  #%d %p\n", i - 2, frames[i]);
      continue;
    }
    int status = 0;
    char* demangled = abi::__cxa_demangle(symbol.dli_sname, nullptr, nullptr, &status);
    std::fprintf(stderr, "  #%d %s+0x%zx\n", i - 2, demangled != nullptr ? demangled : symbol.dli_sname,
                 static_cast<size_t>(static_cast<char*>(frames[i]) - static_cast<char*>(symbol.dli_saddr)));
    std::free(demangled);
  }
}

}  // namespace

void (*describe_current)(char* text, size_t bytes) = nullptr;

Executor& CurrentExecutor() { return *current_executor; }
void SetExecutor(Executor& executor) { current_executor = &executor; }

void Die(int status, const char* format, ...) {
  // A failure in the report itself ends the process at once.
  if (!BeginTheEnd()) _exit(status);
  std::fflush(stdout);
  std::fputs("toro: fatal: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  if (describe_current != nullptr) {
    char text[96];
    describe_current(text, sizeof text);
    std::fprintf(stderr, "  on %s\n", text);
  }
  PrintBacktrace();
  std::fflush(stderr);
  _exit(status);
}

}  // namespace hosted

void CheckFailed(const char* file, int line, const char* expression, const char* message) {
  hosted::Die(hosted::kCheckFailedStatus, "%s:%d: check failed: %s%s%s", file, line, expression,
              message != nullptr ? ": " : "", message != nullptr ? message : "");
}

void CheckFailedAt(const char* file, int line, const char* message, const void* address) {
  hosted::Die(hosted::kCheckFailedStatus, "%s:%d: %s [address %p]", file, line, message, address);
}

namespace platform {

void WakeCpu(CpuId cpu) { hosted::CurrentExecutor().WakeCpu(cpu); }

void HaltCpu(uint64_t deadline_ns) { hosted::CurrentExecutor().HaltCpu(deadline_ns); }

void ConsoleWrite(const char* text, size_t bytes) {
  std::fwrite(text, 1, bytes, stdout);
  std::fflush(stdout);
}

void PowerOff(int status) {
  (void)hosted::BeginTheEnd();
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
