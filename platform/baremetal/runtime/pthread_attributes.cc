// The attribute objects of POSIX threads, in glibc's types: what platform/posix reads by the functions below.
#include <pthread.h>

#include <cerrno>
#include <cstring>
#include <type_traits>

#include "core/kernel/toro.h"

namespace {

constexpr size_t kUnset = 0;

struct Attributes {
  size_t stack_bytes;
  int detach_state;
  bool some_cpus;  // pthread_attr_setaffinity_np was called
  uint32_t cpus[toro::kMaxCpus / 32 > 8 ? 8 : toro::kMaxCpus / 32];
};
static_assert(sizeof(Attributes) <= sizeof(pthread_attr_t) && toro::kMaxCpus <= 256);

template <typename To, typename From>
auto& As(From* object) {
  return *reinterpret_cast<std::conditional_t<std::is_const_v<From>, const To, To>*>(object);
}

auto& Of(auto* attributes) { return As<Attributes>(attributes); }

// The others are one word each, zero after init but where said.
auto& Word(auto* attributes) { return As<int>(attributes); }

int Set(int& word, int value, bool valid) {
  if (valid) word = value;
  return valid ? 0 : EINVAL;
}

}  // namespace

extern "C" {

// ---- of threads ----

int pthread_attr_init(pthread_attr_t* attributes) noexcept {
  Of(attributes) = {kUnset, PTHREAD_CREATE_JOINABLE, false, {}};
  return 0;
}
int pthread_attr_destroy(pthread_attr_t*) noexcept { return 0; }

int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t bytes) noexcept {
  if (bytes < toro::kLeastStackBytes) return EINVAL;
  Of(attributes).stack_bytes = bytes;
  return 0;
}
int pthread_attr_getstacksize(const pthread_attr_t* attributes, size_t* bytes) noexcept {
  *bytes = Of(attributes).stack_bytes;
  return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t* attributes, int state) noexcept {
  return Set(Of(attributes).detach_state, state, state == PTHREAD_CREATE_JOINABLE || state == PTHREAD_CREATE_DETACHED);
}
int pthread_attr_getdetachstate(const pthread_attr_t* attributes, int* state) noexcept {
  *state = Of(attributes).detach_state;
  return 0;
}

int pthread_attr_setaffinity_np(pthread_attr_t* attributes, size_t bytes, const cpu_set_t* cpus) noexcept {
  Attributes& here = Of(attributes);
  here.some_cpus = true;
  for (size_t cpu = 0; cpu < sizeof here.cpus * 8; ++cpu) {
    uint32_t bit = uint32_t{1} << cpu % 32;
    bool wanted = cpu < bytes * 8 && CPU_ISSET_S(cpu, bytes, cpus);
    here.cpus[cpu / 32] = wanted ? here.cpus[cpu / 32] | bit : here.cpus[cpu / 32] & ~bit;
  }
  return 0;
}
int pthread_attr_getaffinity_np(const pthread_attr_t* attributes, size_t bytes, cpu_set_t* cpus) noexcept {
  const Attributes& here = Of(attributes);
  memset(cpus, here.some_cpus ? 0 : 0xff, bytes);
  if (here.some_cpus) memcpy(cpus, here.cpus, bytes < sizeof here.cpus ? bytes : sizeof here.cpus);
  return 0;
}

// The guard is one page, whatever is asked for.
int pthread_attr_setguardsize(pthread_attr_t*, size_t) noexcept { return 0; }
int pthread_attr_getguardsize(const pthread_attr_t*, size_t* bytes) noexcept {
  *bytes = toro::kPageBytes;
  return 0;
}

// Of a living thread, which is the caller: where its stack is. ENOTSUP for another.
int pthread_getattr_np(pthread_t thread, pthread_attr_t* attributes) noexcept {
  if (thread != pthread_self()) return ENOTSUP;
  pthread_attr_init(attributes);
  Of(attributes).stack_bytes = toro::Scheduler::Current().current()->stack_bytes;
  return 0;
}
int pthread_attr_getstack(const pthread_attr_t* attributes, void** low, size_t* bytes) noexcept {
  const toro::Thread& self = *toro::Scheduler::Current().current();
  *low = self.stack_low + toro::kPageBytes;
  *bytes = Of(attributes).stack_bytes;
  return 0;
}

// ---- of mutexes, conditions and locks ----

int pthread_mutexattr_init(pthread_mutexattr_t* attributes) noexcept {
  return Set(Word(attributes), PTHREAD_MUTEX_DEFAULT, true);
}
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int kind) noexcept {
  return Set(Word(attributes), kind, kind >= PTHREAD_MUTEX_TIMED_NP && kind <= PTHREAD_MUTEX_ADAPTIVE_NP);
}
int pthread_mutexattr_gettype(const pthread_mutexattr_t* attributes, int* kind) noexcept {
  *kind = Word(attributes);
  return 0;
}
int pthread_mutexattr_destroy(pthread_mutexattr_t*) noexcept { return 0; }

int pthread_condattr_init(pthread_condattr_t* attributes) noexcept {
  return Set(Word(attributes), CLOCK_REALTIME, true);
}
int pthread_condattr_setclock(pthread_condattr_t* attributes, clockid_t clock) noexcept {
  return Set(Word(attributes), clock, clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC);
}
int pthread_condattr_getclock(const pthread_condattr_t* attributes, clockid_t* clock) noexcept {
  *clock = Word(attributes);
  return 0;
}
int pthread_condattr_destroy(pthread_condattr_t*) noexcept { return 0; }

int pthread_rwlockattr_init(pthread_rwlockattr_t* attributes) noexcept {
  return Set(Word(attributes), PTHREAD_RWLOCK_DEFAULT_NP, true);
}
int pthread_rwlockattr_setkind_np(pthread_rwlockattr_t* attributes, int kind) noexcept {
  return Set(Word(attributes), kind,
             kind >= PTHREAD_RWLOCK_PREFER_READER_NP && kind <= PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
}
int pthread_rwlockattr_getkind_np(const pthread_rwlockattr_t* attributes, int* kind) noexcept {
  *kind = Word(attributes);
  return 0;
}
int pthread_rwlockattr_destroy(pthread_rwlockattr_t*) noexcept { return 0; }

int pthread_barrierattr_init(pthread_barrierattr_t* attributes) noexcept { return Set(Word(attributes), 0, true); }
int pthread_barrierattr_destroy(pthread_barrierattr_t*) noexcept { return 0; }

}  // extern "C"
