// The slow lane of the hosted world, and how a hosted kernel dies.
#include "core/machine/platform_services.h"

#include <signal.h>
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
  uint64_t NowNs() override { return HostClockNs(CLOCK_MONOTONIC); }
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

}  // namespace

uintptr_t memory_begin = 0;
void (*describe_current)(char* text, size_t bytes) = nullptr;
void (*report_trace)(void (*print)(std::string_view text)) = nullptr;
void (*export_trace)() = nullptr;
bool (*note_shutdown_request)() = nullptr;

namespace {

constexpr int kShutdownSignals[] = {SIGTERM, SIGINT};

// On the pthread of CPU 0. A second signal does not wait for the hook.
void OnShutdownSignal(int signal) {
  if (note_shutdown_request == nullptr || !note_shutdown_request()) _exit(128 + signal);
  CurrentExecutor().WakeBySignal(kBootCpu);
}

}  // namespace

void LeaveShutdownSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : kShutdownSignals) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Executor& CurrentExecutor() { return *current_executor; }
void SetExecutor(Executor& executor) { current_executor = &executor; }

void BeginReport(int status) {
  if (!BeginTheEnd()) _exit(status);
  CurrentExecutor().AskOthers();
  std::fflush(stdout);
}

void ReportText(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void ReportWhere(const char* end) {
  if (describe_current == nullptr) return;
  char text[96];
  describe_current(text, sizeof text);
  std::fprintf(stderr, "  on %s%s\n", text, end);
}

void EndReport(int status) {
  CurrentExecutor().ReportOthers();
  if (report_trace != nullptr) report_trace(&ReportText);
  CurrentExecutor().ReportRun();
  if (export_trace != nullptr) export_trace();
  std::fflush(stderr);
  _exit(status);
}

void Die(int status, const char* format, ...) {
  BeginReport(status);
  ReportText("toro: fatal: ");
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  ReportText("\n");
  ReportWhere("");
  ReportFramesFrom(0, __builtin_frame_address(0));
  EndReport(status);
}

}  // namespace hosted

void CheckFailed(const char* file, int line, const char* expression, const char* message) {
  hosted::Die(hosted::kCheckFailedStatus, "%s:%d: check failed: %s%s%s", file, line, expression,
              message != nullptr ? ": " : "", message != nullptr ? message : "");
}

void CheckFailedAt(const char* file, int line, const char* message, const void* address) {
  hosted::Die(hosted::kCheckFailedStatus, "%s:%d: %s [address %p]", file, line, message, address);
}

// In place of the C library's, so that the report is ours. The stack cannot be trusted: of the backtrace there is only
// the function that overran its frame.
extern "C" [[noreturn]] void __stack_chk_fail() {
  hosted::BeginReport(hosted::kCheckFailedStatus);
  hosted::ReportText("toro: fatal: stack overrun: a function wrote beyond an array of its frame\n");
  hosted::ReportWhere("");
  uint64_t caller = reinterpret_cast<uint64_t>(__builtin_return_address(0)) - 1;
  hosted::ReportFrames(&caller, 1);
  hosted::EndReport(hosted::kCheckFailedStatus);
}

namespace platform {

void WakeCpu(CpuId cpu) { hosted::CurrentExecutor().WakeCpu(cpu); }

void HaltCpu(uint64_t deadline_ns) { hosted::CurrentExecutor().HaltCpu(deadline_ns); }

// No instruction of user mode waits for a store for long enough.
size_t WatchableBytes() { return 0; }
void WatchLine(const void*) {}

void ConsoleWrite(const char* text, size_t bytes) {
  std::fwrite(text, 1, bytes, stdout);
  std::fflush(stdout);
}

void PowerOff(int status) {
  (void)hosted::BeginTheEnd();
  std::fflush(stdout);
  if (hosted::export_trace != nullptr) hosted::export_trace();
  hosted::CurrentExecutor().BeforePowerOff(status);
  _exit(status & 0xff);
}

// Destructors of static objects are left out: other CPUs still run.
void Exit(int status) { PowerOff(status); }

void ListenForShutdown(bool listen) {
  struct sigaction action = {};
  action.sa_handler = listen ? &hosted::OnShutdownSignal : SIG_DFL;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  for (int signal : hosted::kShutdownSignals) sigaction(signal, &action, nullptr);
}

bool SetGuardPage(void* page, bool guard) {
  return mprotect(page, kPageBytes, guard ? PROT_NONE : PROT_READ | PROT_WRITE) == 0;
}

// The process has one address space: the guard holds for every pthread at once.
void AdoptGuardPage(void*) {}

// A process cannot choose how its memory is cached.
Status SetPageAccess(void* pages, size_t count, PageAccess access) {
  if (access != PageAccess::kNormal && access != PageAccess::kReadOnly) return Status::kNotSupported;
  int rights = access == PageAccess::kReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  return mprotect(pages, count * kPageBytes, rights) == 0 ? Status::kOk : Status::kOutOfMemory;
}

// As for guards: one address space.
void AdoptPageAccess(void*, size_t, PageAccess) {}

// There is no device. The simulated machine has its memory at kSimulatedMemory in the order of its addresses here.
uint64_t PhysicalAddress(const void* address) {
  return reinterpret_cast<uint64_t>(address) - hosted::memory_begin + hosted::kSimulatedMemory;
}

// The thread_local variables of a process belong to the pthread, that is to the CPU: see PORTING.md.
size_t ThreadLocalBytes() { return 0; }
void InitThreadLocals(void*) {}
void FinishThreadLocals() {}

}  // namespace platform
}  // namespace toro
