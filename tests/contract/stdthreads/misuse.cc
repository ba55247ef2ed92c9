#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <thread>

#include "core/kernel/toro.h"
#include "tests/contract/contract.h"
#include "tests/contract/stdthreads/parts.h"

namespace contract {
namespace {

void* Nothing(void*) { return nullptr; }

void JoinMisused() {
  pthread_t thread;
  pthread_create(&thread, nullptr, &Nothing, nullptr);
  Check(pthread_join(thread, nullptr) == 0 && pthread_join(thread, nullptr) == ESRCH, "joining twice: ESRCH");
  Check(pthread_detach(thread) == ESRCH && pthread_cancel(thread) == ESRCH, "a joined thread is nobody: ESRCH");
  Check(pthread_join(pthread_self(), nullptr) == EDEADLK, "joining oneself: EDEADLK");
  Check(pthread_join(pthread_t{}, nullptr) == ESRCH && pthread_join(pthread_t{1} << 48 | 4096, nullptr) == ESRCH,
        "joining what never was a thread: ESRCH");

  static sem_t go;
  sem_init(&go, 0, 0);
  auto wait = [](void*) -> void* {
    sem_wait(&go);
    return nullptr;
  };
  pthread_create(&thread, nullptr, wait, nullptr);
  pthread_detach(thread);
  Check(pthread_join(thread, nullptr) == EINVAL && pthread_detach(thread) == EINVAL, "joining a detached one: EINVAL");
  sem_post(&go);
  while (pthread_detach(thread) != ESRCH) sched_yield();

  static pthread_t first, waits_for_main;
  static std::atomic<int> begun;
  begun = 0;
  pthread_create(&first, nullptr, wait, nullptr);
  auto join_first = [](void*) -> void* {
    begun = 1;
    pthread_join(first, nullptr);
    return nullptr;
  };
  pthread_create(&waits_for_main, nullptr, join_first, nullptr);
  while (begun == 0) sched_yield();
  int error = 0;
  while ((error = pthread_tryjoin_np(first, nullptr)) == EBUSY && begun++ < 100) sched_yield();
  Check(error == EBUSY, "a thread that has not ended: EBUSY");
  sem_post(&go);
  Check(pthread_join(waits_for_main, nullptr) == 0, "who joined first gets it");

  std::thread self;
  std::atomic<bool> known = false, tried = false;
  std::error_code code;
  self = std::thread([&] {
    while (!known) std::this_thread::yield();
    try {
      self.join();
    } catch (const std::system_error& thrown) {
      code = thrown.code();
    }
    tried = true;
  });
  known = true;
  while (!tried) std::this_thread::yield();
  self.join();
  Check(code == std::errc::resource_deadlock_would_occur, "std::thread::join of oneself throws");
}

void CreateMisused() {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  Check(pthread_attr_setstacksize(&attributes, 0) == EINVAL && pthread_attr_setstacksize(&attributes, 100) == EINVAL,
        "a stack of no bytes: EINVAL");
  pthread_attr_setstacksize(&attributes, size_t{1} << 40);
  Check(pthread_create(&thread, &attributes, &Nothing, nullptr) == EAGAIN, "a stack larger than the partition: EAGAIN");
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  cpu_set_t none;
  CPU_ZERO(&none);
  CPU_SET(CPU_SETSIZE - 1, &none);
  pthread_attr_setaffinity_np(&attributes, sizeof none, &none);
  Check(pthread_create(&thread, &attributes, &Nothing, nullptr) == EINVAL, "no CPU of the set exists: EINVAL");
  Check(pthread_setaffinity_np(pthread_self(), sizeof none, &none) == EINVAL, "a move to no CPU: EINVAL");
  pthread_attr_destroy(&attributes);
  Check(pthread_setname_np(pthread_self(), "sixteen letters!") == ERANGE, "a name of 16 characters: ERANGE");
  Check(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr) == ENOTSUP, "asynchronous cancellation: ENOTSUP");
}

void LocksMisused() {
  pthread_mutex_t mutex;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  Check(pthread_mutexattr_settype(&attributes, 77) == EINVAL, "no such kind of mutex: EINVAL");
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  Check(pthread_mutex_unlock(&mutex) == EPERM, "unlocking what nobody holds: EPERM");
  pthread_mutex_lock(&mutex);
  Check(pthread_mutex_lock(&mutex) == EDEADLK && pthread_mutex_trylock(&mutex) == EBUSY, "locking twice: EDEADLK");
  int error = 0;
  std::thread([&] { error = pthread_mutex_unlock(&mutex); }).join();
  Check(error == EPERM, "unlocking another's: EPERM");
  Check(pthread_mutex_destroy(&mutex) == EBUSY, "destroying a held one: EBUSY");
  timespec bad{0, 1'000'000'000};
  std::thread([&] { error = pthread_mutex_timedlock(&mutex, &bad); }).join();
  Check(error == EINVAL, "a deadline with a whole second of nanoseconds: EINVAL");
  pthread_mutex_unlock(&mutex);
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  Check(pthread_cond_wait(&condition, &mutex) == EPERM, "waiting without holding the mutex: EPERM");
  Check(pthread_mutex_destroy(&mutex) == 0, "destroying a free one");

  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  pthread_rwlock_wrlock(&lock);
  Check(pthread_rwlock_wrlock(&lock) == EDEADLK && pthread_rwlock_rdlock(&lock) == EDEADLK &&
            pthread_rwlock_tryrdlock(&lock) == EBUSY && pthread_rwlock_destroy(&lock) == EBUSY,
        "locking one's own write lock: EDEADLK");
  std::thread([&] { error = pthread_rwlock_unlock(&lock); }).join();
  Check(error == EPERM && pthread_rwlock_unlock(&lock) == 0 && pthread_rwlock_unlock(&lock) == EPERM,
        "unlocking another's write lock, or a free one: EPERM");
  pthread_barrier_t barrier;
  Check(pthread_barrier_init(&barrier, nullptr, 0) == EINVAL, "a barrier for nobody: EINVAL");
  sem_t semaphore;
  Check(sem_init(&semaphore, 0, 0x80000000) == -1 && errno == EINVAL, "a semaphore above its maximum: EINVAL");
  sem_init(&semaphore, 0, 0x7fffffff);
  Check(sem_post(&semaphore) == -1 && errno == EOVERFLOW, "one more than the maximum: EOVERFLOW");
  Check(pthread_setspecific(0x10000 + 127, nullptr) == EINVAL && pthread_key_delete(0x7fffffff) == EINVAL,
        "a key that was not created: EINVAL");
}

}  // namespace

void ThreadsMisused() {
  JoinMisused();
  CreateMisused();
  LocksMisused();
}

}  // namespace contract
