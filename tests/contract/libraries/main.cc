// An ordinary library of the distribution that is made of POSIX threads, linked as the distribution compiled it:
// Boost.Thread uses pthread_create and join, mutexes, conditions, keys, pthread_once, sysconf and the clocks.
#define BOOST_THREAD_VERSION 4
#define BOOST_THREAD_PROVIDES_EXECUTORS
#include <fmt/format.h>

#include <boost/thread.hpp>
#include <boost/thread/barrier.hpp>
#include <boost/thread/executors/basic_thread_pool.hpp>
#include <boost/thread/future.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace {

using contract::Check;

void ThreadsRunOnAllCpus() {
  Check(boost::thread::hardware_concurrency() == toro::CpuCount(), "hardware_concurrency is the number of CPUs");
  boost::mutex mutex;
  std::set<size_t> cpus;
  boost::thread_group group;
  for (size_t i = 0; i < 2 * toro::CpuCount(); ++i) {
    group.create_thread([&] {
      boost::lock_guard<boost::mutex> guard(mutex);
      cpus.insert(toro::CurrentCpu().index());
    });
  }
  group.join_all();
  Check(cpus.size() == toro::CpuCount(), "a group of threads uses all CPUs");
}

void ThreadSpecificPointersArePerThread() {
  static boost::thread_specific_ptr<int> own;
  own.reset(new int(-1));
  std::vector<boost::thread> threads;
  boost::barrier all(6);
  bool right[6] = {};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      own.reset(new int(i));
      all.wait();
      right[i] = *own == i;
    });
  }
  for (boost::thread& thread : threads) thread.join();
  bool every = true;
  for (bool one : right) every = every && one;
  Check(every && *own == -1, "a thread_specific_ptr has a value per thread");
}

void InterruptionEndsAWait() {
  boost::mutex mutex;
  boost::condition_variable condition;
  bool interrupted = false;
  boost::thread thread([&] {
    boost::unique_lock<boost::mutex> lock(mutex);
    try {
      for (;;) condition.wait(lock);
    } catch (const boost::thread_interrupted&) {
      interrupted = true;
    }
  });
  thread.interrupt();
  thread.join();
  Check(interrupted, "a thread that waits is interrupted");
  Check(boost::thread([] {
          boost::this_thread::sleep_for(boost::chrono::milliseconds(1));
        }).try_join_for(boost::chrono::hours(1)),
        "a thread that sleeps ends, and is joined before its deadline");
}

void PoolsAndFuturesDeliver() {
  boost::executors::basic_thread_pool pool(4);
  std::vector<boost::future<long>> parts;
  for (long i = 0; i < 40; ++i) parts.push_back(boost::async(pool, [i] { return i * i; }));
  long sum = 0;
  for (auto& part : parts) sum += part.get();
  Check(sum == 20540, "a pool computes what was asked");
  boost::future<std::string> chained =
      boost::async(boost::launch::async, [] { return 20; }).then(boost::launch::async, [](boost::future<int> value) {
        return fmt::format("{:#x}", value.get() + 1);
      });
  Check(chained.get() == "0x15", "a continuation runs when its future is ready");
}

void SharedAndTimedLocks() {
  boost::shared_mutex shared;
  long value = 0;
  boost::thread_group group;
  for (int i = 0; i < 8; ++i) {
    group.create_thread([&, i] {
      for (int round = 0; round < 30; ++round) {
        if (i % 4 == 0) {
          boost::upgrade_lock<boost::shared_mutex> upgradable(shared);
          boost::upgrade_to_unique_lock<boost::shared_mutex> unique(upgradable);
          ++value;
        } else {
          boost::shared_lock<boost::shared_mutex> lock(shared);
          boost::this_thread::yield();
        }
      }
    });
  }
  group.join_all();
  Check(value == 60, "upgrades of a shared mutex exclude each other");
  boost::timed_mutex timed;
  timed.lock();
  bool got = true;
  boost::thread([&] { got = timed.try_lock_for(boost::chrono::milliseconds(2)); }).join();
  timed.unlock();
  Check(!got, "a timed lock gives up");
}

void OnceRunsOnce() {
  boost::once_flag once = BOOST_ONCE_INIT;
  int initialised = 0;
  boost::thread_group group;
  for (int i = 0; i < 8; ++i) {
    group.create_thread([&] { boost::call_once(once, [&] { ++initialised; }); });
  }
  group.join_all();
  Check(initialised == 1, "call_once runs once");
}

}  // namespace

int main() {
  ThreadsRunOnAllCpus();
  ThreadSpecificPointersArePerThread();
  InterruptionEndsAWait();
  PoolsAndFuturesDeliver();
  SharedAndTimedLocks();
  OnceRunsOnce();
  return contract::End();
}
