// Where no thread of the kernel runs, in the hosted world: before main, in message handlers, and on pthreads that are
// no
// CPU. What applications get from platform/posix is there the C library's own.
//
// Functions that applications get instead of the C library's, because the answer is the kernel's: the number of CPUs
// and, under a seed, the time.
#include "platform/posix/outside.h"

#include <dlfcn.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "platform/hosted/c_library.h"
#include "platform/hosted/executor.h"
#include "platform/posix/time.h"

namespace {

// The next definition of `name` after this program's: the sanitizer's, or the C library's.
template <typename Function>
TORO_UNINSTRUMENTED Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool OnCpu() { return toro::Scheduler::CurrentOrNull() != nullptr; }

}  // namespace

namespace toro::posix {
namespace outside {

int Create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  if (OnCpu()) return EAGAIN;
  return Next<decltype(pthread_create)>("pthread_create")(thread, attributes, start, argument);
}
int Join(pthread_t thread, void** result) {
  return OnCpu() ? EDEADLK : Next<decltype(pthread_join)>("pthread_join")(thread, result);
}
int Detach(pthread_t thread) { return OnCpu() ? ESRCH : Next<decltype(pthread_detach)>("pthread_detach")(thread); }

// The thread pointer is the C library's pthread_t.
TORO_UNINSTRUMENTED pthread_t Self() { return reinterpret_cast<pthread_t>(__builtin_thread_pointer()); }

void Yield() { hosted::YieldToHost(); }

void SleepUntilNs(uint64_t deadline_ns) {
  while (Machine::NowNs() < deadline_ns) hosted::YieldToHost();
}

TORO_UNINSTRUMENTED int CreateKey(pthread_key_t* key, void (*destructor)(void*)) {
  return Next<decltype(pthread_key_create)>("pthread_key_create")(key, destructor);
}
TORO_UNINSTRUMENTED int DeleteKey(pthread_key_t key) {
  return Next<decltype(pthread_key_delete)>("pthread_key_delete")(key);
}
TORO_UNINSTRUMENTED void* GetSpecific(pthread_key_t key) {
  static const auto next = Next<decltype(pthread_getspecific)>("pthread_getspecific");
  return next(key);
}
TORO_UNINSTRUMENTED int SetSpecific(pthread_key_t key, void* value) {
  return Next<decltype(pthread_setspecific)>("pthread_setspecific")(key, value);
}

OnceVariables SaveOnceVariables() { return {std::__once_callable, std::__once_call}; }
void RestoreOnceVariables(const OnceVariables& saved) {
  std::__once_callable = saved.callable;
  std::__once_call = saved.call;
}

long SystemCall(long number, va_list arguments) {
  long words[6];
  for (long& word : words) word = va_arg(arguments, long);
  return Next<decltype(syscall)>("syscall")(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

}  // namespace outside

// Under a seed time is virtual, and begins in 1970.
uint64_t RealTimeOffsetNs() {
  if (hosted::CurrentExecutor().deterministic()) return 0;
  return hosted::HostClockNs(CLOCK_REALTIME) - hosted::HostClockNs(CLOCK_MONOTONIC);
}

}  // namespace toro::posix

using toro::kNsPerSecond;
using toro::hosted::CurrentExecutor;

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  if (!CurrentExecutor().deterministic()) {
    static const auto next = Next<decltype(clock_gettime)>("clock_gettime");
    return next(clock, time);
  }
  uint64_t now_ns = CurrentExecutor().NowNs();
  *time = {static_cast<time_t>(now_ns / kNsPerSecond), static_cast<long>(now_ns % kNsPerSecond)};
  return 0;
}

int gettimeofday(struct timeval* __restrict time, void* __restrict) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, static_cast<suseconds_t>(now.tv_nsec / 1000)};
  return 0;
}

time_t time(time_t* result) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

int get_nprocs() noexcept {
  return OnCpu() ? static_cast<int>(toro::Cluster::Get().cpus()) : Next<decltype(get_nprocs)>("get_nprocs")();
}

TORO_UNINSTRUMENTED long sysconf(int name) noexcept {
  if ((name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF) && OnCpu()) return get_nprocs();
  return Next<decltype(sysconf)>("sysconf")(name);
}

}  // extern "C"
