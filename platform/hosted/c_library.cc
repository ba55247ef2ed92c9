#include "platform/hosted/c_library.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include "core/base/units.h"

namespace toro::hosted {
namespace {

// By instruction: the C library's syscall() is platform/posix's in an application.
long SystemCall(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

}  // namespace

uint64_t HostClockNs(clockid_t clock) {
  using Function = int (*)(clockid_t, timespec*);
  static const Function of_library = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "clock_gettime"));
  timespec now;
  of_library(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
}

void YieldToHost() { SystemCall(SYS_sched_yield, 0, 0, 0, 0, 0, 0); }

void WakeHostFutex(uint32_t* word) {
  SystemCall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

void WaitOnHostFutex(uint32_t* word, uint32_t expected, uint64_t deadline_ns) {
  timespec deadline = {static_cast<time_t>(deadline_ns / kNsPerSecond), static_cast<long>(deadline_ns % kNsPerSecond)};
  SystemCall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT_BITSET_PRIVATE, expected,
             deadline_ns == kNever ? 0 : reinterpret_cast<long>(&deadline), 0,
             static_cast<long>(FUTEX_BITSET_MATCH_ANY));
}

}  // namespace toro::hosted
