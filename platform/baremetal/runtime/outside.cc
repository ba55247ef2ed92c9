// Where no thread of the kernel runs, on the bare machine: message context, and the time before main.
#include "platform/posix/outside.h"

#include <cerrno>

#include "core/machine/machine.h"

namespace toro::posix::outside {

int Create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) { return EAGAIN; }
int Join(pthread_t, void**) { return EDEADLK; }
int Detach(pthread_t) { return ESRCH; }
pthread_t Self() { return 0; }
void Yield() { Machine::Relax(); }

void SleepUntilNs(uint64_t deadline_ns) {
  while (Machine::NowNs() < deadline_ns) Machine::Relax();
}

int CreateKey(pthread_key_t*, void (*)(void*)) { return EAGAIN; }
int DeleteKey(pthread_key_t) { return EINVAL; }
void* GetSpecific(pthread_key_t) { return nullptr; }
int SetSpecific(pthread_key_t, void*) { return EINVAL; }

long SystemCall(long, va_list) {
  errno = ENOSYS;
  return -1;
}

// thread_local variables belong to the threads of the kernel here.
OnceVariables SaveOnceVariables() { return {}; }
void RestoreOnceVariables(const OnceVariables&) {}

}  // namespace toro::posix::outside
