#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include "core/kernel/toro.h"
#include "tests/contract/contract.h"
#include "tests/contract/stdthreads/parts.h"

namespace contract {
namespace {

void* Number(uint64_t value) { return reinterpret_cast<void*>(value); }

// Runs `function` in a thread of pthread_create and returns its value.
template <typename Function>
void* RunInThread(Function function, const pthread_attr_t* attributes = nullptr) {
  pthread_t thread;
  auto start = [](void* argument) -> void* { return (*static_cast<Function*>(argument))(); };
  void* result = nullptr;
  if (pthread_create(&thread, attributes, start, &function) != 0) return Number(~uint64_t{0});
  return pthread_join(thread, &result) == 0 ? result : Number(~uint64_t{0} - 1);
}

void CreateJoinAndExit() {
  Check(RunInThread([] { return Number(42); }) == Number(42), "pthread_join gets what the thread returned");
  static int destroyed;
  struct Local {
    ~Local() { ++destroyed; }
  };
  destroyed = 0;
  void* result = RunInThread([]() -> void* {
    Local outer;
    [] {
      Local inner;
      pthread_exit(Number(7));
    }();
    return nullptr;
  });
  Check(result == Number(7) && destroyed == 2, "pthread_exit runs the destructors of the stack and gives its value");
  destroyed = 0;
  auto spawned = toro::Spawn(toro::CurrentCpu(), [captured = std::make_unique<Local>()] { pthread_exit(nullptr); });
  Check(toro::Join(spawned.value()) == toro::Status::kOk && destroyed == 1,
        "and, in a thread of the kernel, those of what it captured");
  static std::atomic<int> ran;
  ran = 0;
  pthread_t thread;
  pthread_create(
      &thread, nullptr, [](void*) { return Number(static_cast<uint64_t>(++ran)); }, nullptr);
  Check(pthread_detach(thread) == 0, "a thread can be detached");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_create(
      &thread, &attributes, [](void*) { return Number(static_cast<uint64_t>(++ran)); }, nullptr);
  pthread_attr_destroy(&attributes);
  while (ran != 2) sched_yield();
  Check(true, "detached threads run");
}

void StackSizeIsWhatWasAsked() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  Check(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0, "a stack size can be chosen");
  void* result = RunInThread(
      [] {
        volatile char deep[400 * 1024];
        for (size_t i = 0; i < sizeof deep; i += 4096) deep[i] = 1;
        return Number(static_cast<uint64_t>(deep[4096]));
      },
      &attributes);
  pthread_attr_destroy(&attributes);
  Check(result == Number(1), "a thread can use all of a large stack");
  result = RunInThread([] {
    volatile char deep[100 * 1024];
    for (size_t i = 0; i < sizeof deep; i += 4096) deep[i] = 1;
    return Number(static_cast<uint64_t>(deep[4096]));
  });
  Check(result == Number(1), "a default stack takes 100 KiB of locals");
}

void AffinityChooses() {
  size_t last = toro::CpuCount() - 1;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(last, &set);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
  bool right = true;
  for (int i = 0; i < 3; ++i) {
    right =
        right && RunInThread([] { return Number(static_cast<uint64_t>(sched_getcpu())); }, &attributes) == Number(last);
  }
  pthread_attr_destroy(&attributes);
  Check(right, "pthread_attr_setaffinity_np chooses the CPU");
  void* moved = RunInThread([last] {
    cpu_set_t there;
    CPU_ZERO(&there);
    CPU_SET(last, &there);
    int error = pthread_setaffinity_np(pthread_self(), sizeof there, &there);
    CPU_ZERO(&there);
    pthread_getaffinity_np(pthread_self(), sizeof there, &there);
    bool alone = CPU_COUNT(&there) == 1 && CPU_ISSET(last, &there);
    return Number(error == 0 && alone && toro::CurrentCpu().index() == last ? 1 : 0);
  });
  Check(moved == Number(1), "pthread_setaffinity_np moves the calling thread");
}

void NamesAreKept() {
  char name[16] = {};
  pthread_setname_np(pthread_self(), "fifteen letters");
  pthread_getname_np(pthread_self(), name, sizeof name);
  Check(std::strcmp(name, "fifteen letters") == 0 && std::strcmp(toro::CurrentThreadName(), name) == 0,
        "a thread has the name that it gave itself, also in reports");
  pthread_setname_np(pthread_self(), "main");
}

void KeysArePerThread() {
  static std::atomic<int> destroyed;
  destroyed = 0;
  pthread_key_t key;
  pthread_key_create(&key, [](void*) { ++destroyed; });
  pthread_setspecific(key, &key);
  void* seen = RunInThread([key] {
    void* before = pthread_getspecific(key);
    pthread_setspecific(key, Number(5));
    sched_yield();
    return before == nullptr ? pthread_getspecific(key) : nullptr;
  });
  Check(seen == Number(5) && pthread_getspecific(key) == &key, "a key has a value per thread, null at first");
  Check(destroyed == 1, "a key's destructor runs for the thread that has ended");
  pthread_key_delete(key);
  pthread_key_t again;
  pthread_key_create(&again, nullptr);
  Check(pthread_getspecific(again) == nullptr, "a new key has no value, even where an old one was");
  pthread_key_delete(again);
}

void BarriersAndSemaphores() {
  static pthread_barrier_t barrier;
  static std::atomic<int> arrived, serial, early;
  static sem_t done;
  arrived = serial = early = 0;
  constexpr int kThreads = 5;
  pthread_barrier_init(&barrier, nullptr, kThreads);
  sem_init(&done, 0, 0);
  for (int i = 0; i < kThreads; ++i) {
    pthread_t thread;
    auto start = [](void*) -> void* {
      for (int round = 1; round <= 4; ++round) {
        ++arrived;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) ++serial;
        if (arrived < round * kThreads) ++early;
        pthread_barrier_wait(&barrier);
      }
      sem_post(&done);
      return nullptr;
    };
    pthread_create(&thread, nullptr, start, nullptr);
    pthread_detach(thread);
  }
  for (int i = 0; i < kThreads; ++i) sem_wait(&done);
  Check(early == 0 && serial == 4, "a barrier holds all back until the last has come, and names one of them");
  Check(pthread_barrier_destroy(&barrier) == 0, "a barrier can be destroyed");
  timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec = (soon.tv_nsec + 2'000'000) % 1'000'000'000;
  if (soon.tv_nsec < 2'000'000) ++soon.tv_sec;
  bool late = sem_timedwait(&done, &soon) == -1 && errno == ETIMEDOUT;
  Check(late && sem_trywait(&done) == -1 && errno == EAGAIN, "an empty semaphore gives up at once or at the deadline");
  sem_destroy(&done);
}

// Does the lock, which is free and prefers writers, hold readers back while one waits?
bool HoldsReadersBack(pthread_rwlock_t& lock) {
  static std::atomic<int> state;
  state = 0;
  pthread_rwlock_rdlock(&lock);
  pthread_t writer;
  auto write = [](void* argument) -> void* {
    auto* wanted = static_cast<pthread_rwlock_t*>(argument);
    state = 1;
    pthread_rwlock_wrlock(wanted);
    state = 2;
    pthread_rwlock_unlock(wanted);
    return nullptr;
  };
  pthread_create(&writer, nullptr, write, &lock);
  // Once the writer waits, another reader is refused.
  int tries = 0;
  while (pthread_rwlock_tryrdlock(&lock) == 0 && (state == 0 || ++tries < 10'000)) {
    pthread_rwlock_unlock(&lock);
    sched_yield();
  }
  bool waits = state == 1;
  pthread_rwlock_unlock(&lock);
  if (tries == 10'000) pthread_rwlock_unlock(&lock);
  pthread_join(writer, nullptr);
  return waits && state == 2 && tries < 10'000 && pthread_rwlock_destroy(&lock) == 0;
}

void WriterPreferenceHoldsReadersBack() {
  static pthread_rwlock_t lock;
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&lock, &attributes);
  Check(HoldsReadersBack(lock), "a lock that prefers writers holds readers back");
  static pthread_rwlock_t initialised = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
  Check(HoldsReadersBack(initialised), "also when its static initialiser says so");
}

// Starts a thread that waits in `wait`, cancels it once it has begun, and returns whether it ended as cancelled.
struct Cancelled {
  static inline std::atomic<int> begun, unwound;
  static inline pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static inline pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  static inline sem_t semaphore;
  static inline pthread_t sleeper;

  struct Unwound {
    ~Unwound() { ++unwound; }
  };

  static bool Try(void (*wait)()) {
    begun = unwound = 0;
    pthread_t thread;
    auto start = [](void* argument) -> void* {
      Unwound local;
      begun = 1;
      reinterpret_cast<void (*)()>(argument)();
      return nullptr;
    };
    pthread_create(&thread, nullptr, start, reinterpret_cast<void*>(wait));
    while (begun == 0) sched_yield();
    for (int i = 0; i < 50; ++i) sched_yield();
    void* result = nullptr;
    bool cancelled = pthread_cancel(thread) == 0;
    return cancelled && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && unwound == 1;
  }
};

void CancellationEndsAWait() {
  sem_init(&Cancelled::semaphore, 0, 0);
  Check(Cancelled::Try([] { sem_wait(&Cancelled::semaphore); }), "a thread that waits for a semaphore is cancelled");
  Check(Cancelled::Try([] { sleep(1000); }), "a thread that sleeps is cancelled");
  Check(Cancelled::Try([] {
          for (;;) {
            pthread_testcancel();
            sched_yield();
          }
        }),
        "a thread that asks is cancelled");
  bool locked_again = false;
  Check(Cancelled::Try([] {
          pthread_mutex_lock(&Cancelled::mutex);
          pthread_cleanup_push([](void*) { pthread_mutex_unlock(&Cancelled::mutex); }, nullptr);
          for (;;) pthread_cond_wait(&Cancelled::condition, &Cancelled::mutex);
          pthread_cleanup_pop(1);
        }),
        "a thread that waits for a condition is cancelled, and its cleanup handler runs");
  locked_again = pthread_mutex_trylock(&Cancelled::mutex) == 0;
  if (locked_again) pthread_mutex_unlock(&Cancelled::mutex);
  Check(locked_again, "the cleanup handler held the mutex, and gave it back");
  Check(Cancelled::Try([] {
          pthread_create(
              &Cancelled::sleeper, nullptr,
              [](void*) -> void* {
                sem_wait(&Cancelled::semaphore);
                return Number(3);
              },
              nullptr);
          pthread_join(Cancelled::sleeper, nullptr);
        }),
        "a thread that joins another is cancelled");
  void* result = nullptr;
  sem_post(&Cancelled::semaphore);
  Check(pthread_join(Cancelled::sleeper, &result) == 0 && result == Number(3), "the other can still be joined");
  result = RunInThread([] {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    usleep(100);
    return Number(9);
  });
  Check(result == Number(9), "a thread that has disabled cancellation goes on");
  static std::atomic<int> joined;
  joined = -1;
  bool cancelled = Cancelled::Try([] {
    pthread_t other;
    pthread_create(
        &other, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
    pthread_cancel(pthread_self());
    while ((joined = pthread_tryjoin_np(other, nullptr)) == EBUSY) sched_yield();
    pthread_testcancel();
  });
  Check(cancelled && joined == 0, "pthread_tryjoin_np joins, and is no place to be cancelled");
}

}  // namespace

void PosixThreads() {
  CreateJoinAndExit();
  StackSizeIsWhatWasAsked();
  AffinityChooses();
  NamesAreKept();
  KeysArePerThread();
  BarriersAndSemaphores();
  WriterPreferenceHoldsReadersBack();
  CancellationEndsAWait();
}

}  // namespace contract
