// pthread keys: values per thread, of which libstdc++ takes one. New code uses thread_local.
#include <pthread.h>

#include <cerrno>

#include "platform/baremetal/runtime/cross_cpu_lock.h"
#include "platform/baremetal/runtime/thread_block.h"

namespace toro::runtime {
namespace {

using KeyDestructor = void (*)(void*);

void NoDestructor(void*) {}

CrossCpuLock lock;
KeyDestructor destructors[kMostThreadKeys];  // null: the key is free

constexpr int kRounds = 4;  // PTHREAD_DESTRUCTOR_ITERATIONS: a destructor may set values again

}  // namespace

void RunKeyDestructors() {
  ThreadBlock& self = CurrentThreadBlock();
  bool again = true;
  for (int round = 0; round < kRounds && again; ++round) {
    again = false;
    for (size_t key = 0; key < kMostThreadKeys; ++key) {
      void* value = self.key_values[key];
      if (value == nullptr || destructors[key] == nullptr) continue;
      self.key_values[key] = nullptr;
      destructors[key](value);
      again = true;
    }
  }
}

}  // namespace toro::runtime

using namespace toro::runtime;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
  CrossCpuLockHolder holder(lock);
  for (size_t i = 0; i < kMostThreadKeys; ++i) {
    if (destructors[i] != nullptr) continue;
    destructors[i] = destructor != nullptr ? destructor : &NoDestructor;
    *key = static_cast<pthread_key_t>(i);
    return 0;
  }
  return EAGAIN;
}

int pthread_key_delete(pthread_key_t key) noexcept {
  if (key >= kMostThreadKeys) return EINVAL;
  CrossCpuLockHolder holder(lock);
  destructors[key] = nullptr;
  return 0;
}

void* pthread_getspecific(pthread_key_t key) noexcept {
  return key < kMostThreadKeys ? CurrentThreadBlock().key_values[key] : nullptr;
}

int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (key >= kMostThreadKeys || destructors[key] == nullptr) return EINVAL;
  CurrentThreadBlock().key_values[key] = const_cast<void*>(value);
  return 0;
}

}  // extern "C"
