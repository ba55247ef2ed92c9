// What the thread functions do on a flow of control that is no thread of the kernel: a pthread of the hosting process
// that is no CPU, or, on any CPU, a message handler. From the platform.
#ifndef PLATFORM_POSIX_OUTSIDE_H_
#define PLATFORM_POSIX_OUTSIDE_H_

#include <pthread.h>
#include <time.h>

#include <cstdarg>
#include <cstdint>

// A sanitizer's runtime calls what is marked so while it starts, when code that it instruments cannot run yet.
#define TORO_UNINSTRUMENTED __attribute__((no_sanitize("thread", "address", "undefined")))

namespace toro::posix::outside {

int Create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument);
int Join(pthread_t thread, void** result);
int Detach(pthread_t thread);
pthread_t Self();
void Yield();
void SleepUntilNs(uint64_t deadline_ns);

int CreateKey(pthread_key_t* key, void (*destructor)(void*));
int DeleteKey(pthread_key_t key);
void* GetSpecific(pthread_key_t key);
int SetSpecific(pthread_key_t key, void* value);

// What the C++ library keeps for std::call_once in variables that belong to the pthread, not to the thread of the
// kernel, where the two differ: a thread that waits saves them.
struct OnceVariables {
  void* callable = nullptr;
  void (*call)() = nullptr;
};
OnceVariables SaveOnceVariables();
void RestoreOnceVariables(const OnceVariables& saved);

// syscall(number, ...) for everything that is not a futex of the application.
long SystemCall(long number, va_list arguments);

}  // namespace toro::posix::outside

#endif  // PLATFORM_POSIX_OUTSIDE_H_
