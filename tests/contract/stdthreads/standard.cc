#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <set>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/kernel/toro.h"
#include "tests/contract/contract.h"
#include "tests/contract/stdthreads/parts.h"

namespace contract {
namespace {

using namespace std::chrono_literals;  // NOLINT: the literals are the point

void EveryCpuGetsItsTurn() {
  Check(std::thread::hardware_concurrency() == toro::CpuCount(), "hardware_concurrency is the number of CPUs");
  std::vector<int> started(toro::CpuCount());
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < toro::CpuCount() * 3; ++i) {
    threads.emplace_back([&] {
      std::lock_guard guard(mutex);
      ++started[toro::CurrentCpu().index()];
    });
  }
  for (std::thread& thread : threads) thread.join();
  bool even = true;
  for (int count : started) even = even && count == 3;
  Check(even, "std::thread starts on the CPUs in turn");
}

void IdsDiffer() {
  std::set<std::thread::id> ids{std::this_thread::get_id()};
  std::mutex mutex;
  std::vector<std::thread> threads;
  bool same = true;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      std::lock_guard guard(mutex);
      ids.insert(std::this_thread::get_id());
    });
  }
  for (std::thread& thread : threads) same = same && ids.count(thread.get_id()) <= 1;
  for (std::thread& thread : threads) thread.join();
  Check(ids.size() == 9 && same, "threads that live together have different ids");
}

// Many threads of all CPUs; each yields while it holds the lock, so that others of its CPU have to wait for it.
void MutexExcludes() {
  constexpr int kThreads = 12, kRounds = 40;
  std::mutex mutex;
  int inside = 0, sum = 0;
  bool alone = true;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        std::lock_guard guard(mutex);
        alone = alone && ++inside == 1;
        if (round % 4 == 0) std::this_thread::yield();
        ++sum;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(alone && sum == kThreads * kRounds, "a mutex held across a yield keeps others out, on every CPU");
}

void TimedAndRecursiveMutexes() {
  std::timed_mutex timed;
  std::recursive_mutex recursive;
  bool second = true, after = false, by_date = true;
  timed.lock();
  std::thread([&] { second = timed.try_lock_for(3ms); }).join();
  std::thread([&] { by_date = timed.try_lock_until(std::chrono::system_clock::now() + 3ms); }).join();
  timed.unlock();
  std::thread([&] { after = timed.try_lock_for(3ms); }).join();
  Check(!second && !by_date && after, "a timed mutex gives up at its deadline, and not when it is free");
  recursive.lock();
  recursive.lock();
  bool other = true;
  std::thread([&] { other = recursive.try_lock(); }).join();
  recursive.unlock();
  recursive.unlock();
  std::thread([&] {
    after = recursive.try_lock();
    recursive.unlock();
  }).join();
  Check(!other && after, "a recursive mutex is free after as many unlocks as locks");
}

void SharedMutexSharesAndExcludes() {
  std::shared_mutex mutex;
  std::latch both_read(2);
  int value = 0;
  auto read = [&] {
    std::shared_lock guard(mutex);
    both_read.arrive_and_wait();  // would never return if readers excluded each other
    return value;
  };
  std::thread one(read), two(read);
  one.join();
  two.join();
  constexpr int kThreads = 8, kRounds = 50;
  std::vector<std::thread> threads;
  std::atomic<bool> torn = false;
  int left = 0, right = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        if (i % 2 == 0) {
          std::unique_lock guard(mutex);
          ++left;
          std::this_thread::yield();
          ++right;
        } else {
          std::shared_lock guard(mutex);
          int seen = left;
          std::this_thread::yield();
          if (seen != right) torn = true;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(!torn && left == kThreads / 2 * kRounds, "a shared mutex lets readers in together and writers alone");
}

void ConditionsWakeWhoeverWaits() {
  std::mutex mutex;
  std::condition_variable not_empty, not_full;
  std::deque<int> queue;
  constexpr int kProducers = 4, kConsumers = 4, kEach = 100;
  constexpr size_t kMost = 3;
  long sum = 0;
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&] {
      for (int i = 1; i <= kEach; ++i) {
        std::unique_lock lock(mutex);
        not_full.wait(lock, [&] { return queue.size() < kMost; });
        queue.push_back(i);
        not_empty.notify_one();
      }
    });
  }
  for (int c = 0; c < kConsumers; ++c) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        std::unique_lock lock(mutex);
        not_empty.wait(lock, [&] { return !queue.empty(); });
        sum += queue.front();
        queue.pop_front();
        not_full.notify_one();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(sum == kProducers * (kEach * (kEach + 1) / 2), "producers and consumers of a bounded queue lose nothing");

  std::unique_lock lock(mutex);
  auto start = std::chrono::steady_clock::now();
  bool timed_out = not_empty.wait_for(lock, 2ms) == std::cv_status::timeout;
  bool late = std::chrono::steady_clock::now() - start >= 2ms;
  bool timed_out_by_date =
      not_empty.wait_until(lock, std::chrono::system_clock::now() + 2ms) == std::cv_status::timeout;
  Check(timed_out && late && timed_out_by_date, "a condition gives up at its deadline, on both clocks");

  std::condition_variable_any any;
  std::shared_mutex shared;
  bool go = false;
  std::thread waiter([&] {
    std::shared_lock guard(shared);
    any.wait(guard, [&] { return go; });
  });
  {
    std::unique_lock guard(shared);
    go = true;
  }
  any.notify_all();
  waiter.join();
  Check(go, "a condition_variable_any waits with any lock");
}

void StoppingAJthread() {
  int rounds = 0;
  bool stopped = false;
  {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::jthread thread([&](std::stop_token token) {
      std::unique_lock lock(mutex);
      ++rounds;
      stopped = !condition.wait(lock, token, [] { return false; });
    });
    while (true) {
      std::lock_guard guard(mutex);
      if (rounds > 0) break;
      std::this_thread::yield();
    }
  }  // requests the stop, and joins
  Check(stopped, "a jthread that waits is stopped by its token and joined by its destructor");
}

void OnceRunsOnce() {
  std::once_flag flag;
  std::atomic<int> ran = 0, seen = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      std::call_once(flag, [&] {
        std::this_thread::sleep_for(1ms);
        ++ran;
      });
      seen += ran.load();
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(ran == 1 && seen == 8, "call_once runs once, and all wait until it has run");

  std::once_flag thrown;
  std::atomic<int> tries = 0, caught = 0;
  threads.clear();
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      try {
        std::call_once(thrown, [&, i] {
          std::this_thread::yield();
          if (++tries <= 3) throw i;
        });
      } catch (int who) {
        if (who == i) ++caught;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(tries == 4 && caught == 3, "after a call_once that throws the next one tries, with its own function");

  static std::atomic<int> constructed = 0;
  struct Slow {
    Slow() {
      std::this_thread::sleep_for(1ms);
      ++constructed;
    }
  };
  threads.clear();
  std::atomic<int> early = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      static Slow slow;
      if (constructed != 1) ++early;
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(constructed == 1 && early == 0, "a function-local static is constructed once while others wait for it");
}

void FuturesCarryValuesAndExceptions() {
  std::future<std::string> value = std::async(std::launch::async, [] { return std::string("value"); });
  std::future<int> failure = std::async(std::launch::async, []() -> int { throw std::runtime_error("thrown"); });
  std::string what;
  try {
    failure.get();
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
  Check(value.get() == "value" && what == "thrown", "std::async brings a value and an exception home");
  std::promise<int> promise;
  std::shared_future<int> shared = promise.get_future().share();
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) threads.emplace_back([&, shared] { sum += shared.get(); });
  bool waiting = shared.wait_for(2ms) == std::future_status::timeout;
  promise.set_value(8);
  for (std::thread& thread : threads) thread.join();
  Check(waiting && sum == 40, "a promise wakes all who wait for its shared future");
  std::packaged_task<int(int)> task([](int x) { return x * x; });
  std::future<int> square = task.get_future();
  std::thread(std::move(task), 12).join();
  Check(square.get() == 144, "a packaged task runs in its thread");
}

void AtomicsSemaphoresAndBarriersWait() {
  std::atomic<int> turn = 0;
  constexpr int kThreads = 5, kRounds = 20;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        int mine = round * kThreads + i;
        for (int seen = turn; seen != mine; seen = turn) turn.wait(seen);
        ++turn;
        turn.notify_all();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(turn == kThreads * kRounds, "std::atomic::wait passes a turn around");

  std::counting_semaphore<4> places(2);
  std::atomic<int> inside = 0, most = 0;
  threads.clear();
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      places.acquire();
      int now = ++inside;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(200us);
      --inside;
      places.release();
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(most == 1 || most == 2, "a semaphore lets in no more than it has places");
  places.acquire();
  places.acquire();
  Check(!places.try_acquire_for(2ms), "a semaphore gives up at its deadline");
  places.release(2);

  std::atomic<int> in_phase = 0, completed = 0;
  bool together = true;
  std::barrier barrier(4, [&]() noexcept {
    together = together && in_phase.exchange(0) == 4;
    ++completed;
  });
  threads.clear();
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int phase = 0; phase < 10; ++phase) {
        ++in_phase;
        barrier.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Check(together && completed == 10, "a barrier lets nobody into the next phase alone");
}

void ClocksGoForward() {
  auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(2ms);
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + 1ms);
  std::this_thread::sleep_until(std::chrono::system_clock::now() + 1ms);
  Check(std::chrono::steady_clock::now() - start >= 4ms, "sleeping takes as long as was asked, on every clock");
  uint64_t before_ns = toro::NowNs();
  uint64_t steady_ns = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  Check(before_ns <= steady_ns && steady_ns <= toro::NowNs(), "steady_clock is the clock of the kernel");
}

// While all threads of a CPU wait, and one sleeps for long, the CPU halts: a waiter that polled would not let it.
void WaitersLetTheirCpuSleep() {
  std::mutex mutex;
  std::condition_variable condition;
  std::counting_semaphore<8> semaphore(0);
  std::atomic<int> word = 0;
  bool go = false;
  std::vector<std::thread> threads;
  std::atomic<int> ready = 0;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    threads.emplace_back([&] {
      std::unique_lock lock(mutex);
      ++ready;
      condition.wait(lock, [&] { return go; });
    });
    threads.emplace_back([&] {
      ++ready;
      word.wait(0);
    });
    threads.emplace_back([&] {
      ++ready;
      semaphore.acquire();
    });
  }
  while (ready != static_cast<int>(threads.size())) std::this_thread::yield();
  toro::CpuId last{toro::CpuCount() - 1};
  toro::CpuStatistics before = toro::Statistics(last);
  uint64_t halts = 0, switches = 0, looks = 0;
  while (halts < 3 && ++looks < 1000) {
    std::this_thread::sleep_for(1ms);
    toro::CpuStatistics now = toro::Statistics(last);
    halts = now.halts - before.halts;
    switches = now.threads.switches - before.threads.switches;
  }
  Check(halts >= 3 && switches <= 4 * looks + 16, "a CPU whose threads all wait halts, and switches to none of them");
  {
    std::lock_guard guard(mutex);
    go = true;
  }
  condition.notify_all();
  word = 1;
  word.notify_all();
  semaphore.release(static_cast<std::ptrdiff_t>(toro::CpuCount()));
  for (std::thread& thread : threads) thread.join();
  Check(true, "all of them go on when they are told to");
}

struct Counted {
  static inline std::atomic<int> living = 0, ended = 0;
  Counted() { ++living; }
  ~Counted() {
    --living;
    ++ended;
  }
  int value = 0;
};

void ManyThreadsLeaveNothingBehind() {
  auto run = [](int count) {
    std::vector<std::thread> threads;
    std::atomic<int> sum = 0;
    for (int i = 0; i < count; ++i) threads.emplace_back([&sum, i] { sum += i; });
    for (std::thread& thread : threads) thread.join();
    return sum.load();
  };
  run(16);
  toro::CpuStatistics before = toro::Statistics(toro::kBootCpu);
  int sum = 0;
  for (int i = 0; i < 10; ++i) sum += run(16);
  toro::CpuStatistics after = toro::Statistics(toro::kBootCpu);
  Check(sum == 1200, "threads are created and joined again and again");
  Check(after.threads.created - after.threads.ended == before.threads.created - before.threads.ended,
        "no thread is left when all were joined");
}

void ACancelledThreadJoinsStandardThreads() {
  int value = 0;
  toro::ThreadId joiner = toro::Spawn(toro::kBootCpu, [&value] {
                            (void)toro::Cancel(toro::CurrentThread());
                            for (size_t i = 0; i < toro::CpuCount(); ++i) std::thread([&value] { ++value; }).join();
                          }).value();
  Check(toro::Join(joiner) == toro::Status::kOk && value == static_cast<int>(toro::CpuCount()),
        "a thread that has been cancelled joins standard threads");
}

}  // namespace

void StandardThreads() {
  EveryCpuGetsItsTurn();
  IdsDiffer();
  MutexExcludes();
  TimedAndRecursiveMutexes();
  SharedMutexSharesAndExcludes();
  ConditionsWakeWhoeverWaits();
  StoppingAJthread();
  OnceRunsOnce();
  FuturesCarryValuesAndExceptions();
  AtomicsSemaphoresAndBarriersWait();
  ClocksGoForward();
  WaitersLetTheirCpuSleep();
  ManyThreadsLeaveNothingBehind();
  ACancelledThreadJoinsStandardThreads();
}

}  // namespace contract
