// The process, seen from C: how it ends, and what it can ask about itself.
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "core/base/check.h"
#include "core/kernel/cluster.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/runtime/runtime.h"
#include "platform/baremetal/runtime/thread_block.h"
#include "platform/posix/parking.h"

namespace toro::runtime {
namespace {

struct ExitFunction {
  void (*function)(void*);
  void* argument;
  void* module;
  ExitFunction* next;
};

// [basic.start.term]: run in the reverse order of their registration, also those that are registered meanwhile.
class ExitList {
 public:
  int Add(void (*function)(void*), void* argument, void* module) {
    auto* entry = static_cast<ExitFunction*>(malloc(sizeof(ExitFunction)));
    if (entry == nullptr) return -1;
    posix::SpinLockHolder holder(lock_);
    *entry = {function, argument, module, newest_};
    newest_ = entry;
    return 0;
  }

  void RunAll() {
    while (ExitFunction* entry = TakeNewest()) {
      entry->function(entry->argument);
      free(entry);
    }
  }

 private:
  ExitFunction* TakeNewest() {
    posix::SpinLockHolder holder(lock_);
    ExitFunction* entry = newest_;
    if (entry != nullptr) newest_ = entry->next;
    return entry;
  }

  posix::SpinLock lock_;
  ExitFunction* newest_ = nullptr;
};

constinit ExitList at_exit;
constinit ExitList at_quick_exit;

void CallPlain(void* function) { reinterpret_cast<void (*)()>(function)(); }

}  // namespace
}  // namespace toro::runtime

using toro::runtime::at_exit;

// Not in the block below: the header declares it with C++ linkage.
int at_quick_exit(void (*function)()) {
  return toro::runtime::at_quick_exit.Add(&toro::runtime::CallPlain, reinterpret_cast<void*>(function), nullptr);
}

extern "C" {

using Function = void (*)();
extern const Function __init_array_start[], __init_array_end[];
extern const Function __fini_array_start[], __fini_array_end[];
// standard_streams.cc; empty when no stream that writes is linked.
extern const Function __streams_begin_start[], __streams_begin_end[];
extern const Function __streams_end_start[], __streams_end_end[];

int __cxa_atexit(void (*function)(void*), void* argument, void* module) {
  return at_exit.Add(function, argument, module);
}

// The image is one module that is never unloaded, so there is nothing to run before exit.
void __cxa_finalize(void*) {}

int atexit(void (*function)()) {
  return at_exit.Add(&toro::runtime::CallPlain, reinterpret_cast<void*>(function), nullptr);
}

[[noreturn]] void _Exit(int status) { toro::platform::PowerOff(status & 0xff); }
[[noreturn]] void _exit(int status) { _Exit(status); }

// On any CPU; the other CPUs go on until the machine is off.
[[noreturn]] void exit(int status) {
  toro::platform::FinishThreadLocals();
  at_exit.RunAll();
  for (const Function* function = __fini_array_end; function != __fini_array_start;) (*--function)();
  for (const Function* function = __streams_end_start; function != __streams_end_end; ++function) (*function)();
  _Exit(status);
}

[[noreturn]] void quick_exit(int status) {
  toro::runtime::at_quick_exit.RunAll();
  _Exit(status);
}

[[noreturn]] void abort() {
  toro::CheckFailed(__FILE__, __LINE__, "abort()", "the application called abort, or the C++ library did");
}

// There are no signals. SIGABRT means what it means; anything else is refused.
int raise(int signal) {
  if (signal == SIGABRT) abort();
  errno = ENOSYS;
  return -1;
}

[[noreturn]] void __assert_fail(const char* expression, const char* file, unsigned line,
                                const char* function) noexcept {
  toro::CheckFailed(file, static_cast<int>(line), expression, function);
}

char** environ = nullptr;

char* getenv(const char*) { return nullptr; }
char* secure_getenv(const char*) { return nullptr; }

int getpagesize() { return 4096; }
int getpid() { return 1; }

// On how many CPUs pthread_create starts threads: isolated, on the caller's (platform/posix/pthread_threads.cc).
int get_nprocs() {
  toro::Cluster& cluster = toro::Cluster::Get();
  return cluster.cpu(toro::kBootCpu).exchange().isolated() ? 1 : static_cast<int>(cluster.cpus());
}
int get_nprocs_conf() { return get_nprocs(); }

long sysconf(int name) {
  constexpr int kPageSize = 30, kProcessorsConfigured = 83, kProcessorsOnline = 84;  // glibc's <bits/confname.h>
  switch (name) {
    case kPageSize: return getpagesize();
    case kProcessorsConfigured:
    case kProcessorsOnline: return get_nprocs();
  }
  errno = EINVAL;
  return -1;
}

void* __dso_handle = nullptr;

// libstdc++ skips its atomics while this is set: true only when no other CPU can run application code.
char __libc_single_threaded = 0;

}  // extern "C"

namespace toro::runtime {

void RunInitArray() {
  for (const Function* function = __streams_begin_start; function != __streams_begin_end; ++function) (*function)();
  __libc_single_threaded = Cluster::Get().cpus() == 1;
  for (const Function* function = __init_array_start; function != __init_array_end; ++function) (*function)();
}

int RunMain(int argc, char** argv) {
  RunInitArray();
  return ApplicationMain(argc, argv);
}

}  // namespace toro::runtime

namespace toro::platform {

void Exit(int status) { exit(status); }

}  // namespace toro::platform
