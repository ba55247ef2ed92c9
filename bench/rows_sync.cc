// What threads wait with: on one CPU beside the C++ library's own, between CPUs beside the least that the way costs.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>

#include "bench/cluster_pair.h"
#include "bench/ping_pong.h"
#include "bench/pinned_pair.h"
#include "bench/rows.h"
#include "core/kernel/channel.h"
#include "core/kernel/future.h"
#include "core/sched/mutex.h"
#include "core/sched/semaphore.h"

namespace toro::bench {
namespace {

Contender Ours(const char* name, Job body) {
  return {name, Role::kOurs, ClusterPair::Get().InThread(std::move(body)), {}};
}
Contender OursWithFar(const char* name, Job body) {
  ClusterPair& cluster = ClusterPair::Get();
  return {name, Role::kOurs, cluster.InThread(std::move(body)), cluster.Stepping()};
}
Contender RawPingPong() {
  auto lines = std::make_shared<PingPong<>>();
  return {"raw two lines, MOV", Role::kLimit, [=](uint64_t n) { return lines->Near(n); },
          [=](uint64_t n) { return lines->Far(n); }};
}

// ---- nobody waits ----

template <typename Lock, typename Unlock>
bool LockAndCount(uint64_t n, Lock lock, Unlock unlock) {
  volatile uint64_t count = 0;
  for (uint64_t i = 0; i < n; ++i) {
    lock();
    count = count + 1;
    unlock();
  }
  return count == n;
}

void AddMutexRows(Suite& suite) {
  Group group;
  group.name = "mutex";
  group.operation = "lock and unlock, nobody waits";
  group.contenders = {
      Ours("Mutex",
           [](uint64_t n) {
             Mutex mutex;
             return LockAndCount(
                 n, [&] { mutex.Lock(); }, [&] { mutex.Unlock(); });
           }),
      {"std::mutex",
       Role::kPeer,
       [](uint64_t n) {
         static std::mutex mutex;
         return LockAndCount(
             n, [] { mutex.lock(); }, [] { mutex.unlock(); });
       },
       {}},
  };
  group.goals = {{"mutex", "Mutex", "std::mutex", 1}};
  suite.Add(std::move(group));
}

// ---- two threads of one CPU in turn ----

bool SemaphoresInTurn(uint64_t n) {
  Semaphore there(0), back(0);
  uint64_t turns = 0;
  auto other = Spawn(kNearCpu, [&, n] {
    for (uint64_t i = 0; i < n; ++i) {
      (void)there.Acquire();
      ++turns;
      back.Release();
    }
  });
  if (!other.ok()) return false;
  for (uint64_t i = 0; i < n; ++i) {
    there.Release();
    (void)back.Acquire();
  }
  return Join(other.value()) == Status::kOk && turns == n;
}

bool ConditionInTurn(uint64_t n) {
  Mutex mutex;
  CondVar changed;
  uint64_t turn = 0;
  auto take_turns = [&, n](uint64_t first) {
    MutexHolder holder(mutex);
    for (uint64_t next = first; next < 2 * n; next += 2) {
      while (turn != next) (void)changed.Wait(mutex);
      ++turn;
      changed.NotifyOne();
    }
  };
  auto other = Spawn(kNearCpu, [&] { take_turns(1); });
  if (!other.ok()) return false;
  take_turns(0);
  return Join(other.value()) == Status::kOk && turn == 2 * n;
}

// The thread that starts another passes its pinning on to it.
bool LibraryInTurn(uint64_t n) {
  std::binary_semaphore there(0), back(0);
  uint64_t turns = 0;
  std::thread other([&, n] {
    for (uint64_t i = 0; i < n; ++i) {
      there.acquire();
      ++turns;
      back.release();
    }
  });
  for (uint64_t i = 0; i < n; ++i) {
    there.release();
    back.acquire();
  }
  other.join();
  return turns == n;
}

void AddTurnRows(Suite& suite) {
  Group group;
  group.name = "turns";
  group.operation = "there and back between two threads of one CPU";
  group.contenders = {
      Ours("Semaphore", &SemaphoresInTurn),
      Ours("Mutex and CondVar", &ConditionInTurn),
      {"std::binary_semaphore, pthreads", Role::kPeer, &LibraryInTurn, {}, true},
  };
  group.goals = {{"semaphore", "Semaphore", "std::binary_semaphore, pthreads", 10}};
  suite.Add(std::move(group));
}

// ---- between CPUs ----

bool CallAndGet(uint64_t n) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < n; ++i) sum += CallAsync(kFarCpu, [] { return uint64_t{1}; }).Get().value();
  return sum == n;
}

template <size_t kCapacity>
bool ReceiveFromFar(uint64_t n) {
  Channel<uint64_t> channel(kCapacity);
  auto sender = Spawn(kFarCpu, [&channel, n] {
    for (uint64_t i = 0; i < n; ++i) (void)channel.Send(i);
  });
  if (!sender.ok()) return false;
  bool right = true;
  for (uint64_t i = 0; i < n; ++i) right &= channel.Receive().value() == i;
  return right && Join(sender.value()) == Status::kOk;
}

void AddFutureRows(Suite& suite) {
  Group group;
  group.name = "future";
  group.operation = "asynchronous call of the other CPU, its value taken";
  group.contenders = {RawPingPong(), OursWithFar("CallAsync, Get", &CallAndGet)};
  suite.Add(std::move(group));
}

void AddChannelRows(Suite& suite) {
  Group group;
  group.name = "channel";
  group.operation = "a number sent by a thread of the other CPU, received here";
  group.contenders = {RawPingPong(), OursWithFar("Channel, no bound", &ReceiveFromFar<kUnbounded>),
                      OursWithFar("Channel, room for 64", &ReceiveFromFar<64>)};
  // What is under way needs memory.
  group.most_operations = 100'000;
  suite.Add(std::move(group));
}

}  // namespace

void AddSyncRows(Suite& suite) {
  AddMutexRows(suite);
  AddTurnRows(suite);
  AddFutureRows(suite);
  AddChannelRows(suite);
}

}  // namespace toro::bench
