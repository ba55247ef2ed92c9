// pthread keys: values per thread, for libraries of the time before thread_local.
#include <pthread.h>

#include <cerrno>

#include "core/kernel/allocation.h"
#include "platform/posix/outside.h"
#include "platform/posix/thread_record.h"

namespace toro::posix {
namespace {

constexpr size_t kMostKeys = 128;  // _POSIX_THREAD_KEYS_MAX
// Keys of the hosting C library, which its own parts and the sanitizers use, are smaller numbers.
constexpr pthread_key_t kFirstKey = 0x10000;
constexpr int kRounds = 4;  // PTHREAD_DESTRUCTOR_ITERATIONS: a destructor may set values again

using KeyDestructor = void (*)(void*);

struct Key {
  KeyDestructor destructor = nullptr;
  uint32_t generation = 0;  // odd: in use. A value of another generation is none
};

constinit SpinLock lock;
constinit Key keys[kMostKeys];

uint32_t GenerationOf(size_t index) { return __atomic_load_n(&keys[index].generation, __ATOMIC_ACQUIRE); }

bool InUse(size_t index) { return index < kMostKeys && GenerationOf(index) % 2 == 1; }

// Null when the thread has never set a value.
KeyValue* ValuesOfThread() {
  Scheduler* here = Scheduler::CurrentOrNull();
  Thread* self = here != nullptr ? here->current() : nullptr;
  return self != nullptr && self->runtime != nullptr ? static_cast<ThreadRecord*>(self->runtime)->keys : nullptr;
}

}  // namespace

void RunKeyDestructors(ThreadRecord& record) {
  bool again = record.keys != nullptr;
  for (int round = 0; round < kRounds && again; ++round) {
    again = false;
    for (size_t index = 0; index < kMostKeys; ++index) {
      KeyValue& held = record.keys[index];
      void* value = held.value;
      held.value = nullptr;
      KeyDestructor destructor = keys[index].destructor;
      if (value == nullptr || destructor == nullptr || held.generation != GenerationOf(index)) continue;
      destructor(value);
      again = true;
    }
  }
  if (record.keys != nullptr) FreeBytes(record.keys);
  record.keys = nullptr;
}

}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

// EAGAIN: all 128 are in use. Before there is a kernel, and in message context too.
TORO_UNINSTRUMENTED int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
  if (toro::Scheduler::CurrentOrNull() == nullptr) return outside::CreateKey(key, destructor);
  SpinLockHolder holder(lock);
  for (size_t index = 0; index < kMostKeys; ++index) {
    if (InUse(index)) continue;
    keys[index].destructor = destructor;
    __atomic_store_n(&keys[index].generation, keys[index].generation + 1, __ATOMIC_RELEASE);
    *key = kFirstKey + static_cast<pthread_key_t>(index);
    return 0;
  }
  return EAGAIN;
}

TORO_UNINSTRUMENTED int pthread_key_delete(pthread_key_t key) noexcept {
  if (key < kFirstKey) return outside::DeleteKey(key);
  SpinLockHolder holder(lock);
  size_t index = key - kFirstKey;
  if (!InUse(index)) return EINVAL;
  keys[index].destructor = nullptr;
  __atomic_store_n(&keys[index].generation, keys[index].generation + 1, __ATOMIC_RELEASE);
  return 0;
}

TORO_UNINSTRUMENTED void* pthread_getspecific(pthread_key_t key) noexcept {
  if (key < kFirstKey) return outside::GetSpecific(key);
  size_t index = key - kFirstKey;
  KeyValue* values = ValuesOfThread();
  if (values == nullptr || !InUse(index)) return nullptr;
  return values[index].generation == GenerationOf(index) ? values[index].value : nullptr;
}

// ENOMEM: the partition of this CPU has no room for the thread's values. Thread context.
TORO_UNINSTRUMENTED int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (key < kFirstKey) return outside::SetSpecific(key, const_cast<void*>(value));
  size_t index = key - kFirstKey;
  if (!InUse(index) || !InThread()) return EINVAL;
  ThreadRecord& record = CurrentRecord();
  if (record.keys == nullptr) {
    void* memory = toro::AllocateBytes(kMostKeys * sizeof(KeyValue));
    if (memory == nullptr) return ENOMEM;
    record.keys = static_cast<KeyValue*>(memory);
    for (size_t i = 0; i < kMostKeys; ++i) record.keys[i] = {};
  }
  record.keys[index] = {const_cast<void*>(value), GenerationOf(index)};
  return 0;
}

}  // extern "C"
