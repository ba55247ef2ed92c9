// Threads: yield, spawn, join, migrate, and calls between CPUs, through the whole kernel. Goals 1, 4, 5, 10, 11.
#include <pthread.h>
#include <sched.h>

#include <boost/context/detail/fcontext.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/cluster_pair.h"
#include "bench/ping_pong.h"
#include "bench/pinned_pair.h"
#include "bench/rows.h"
#include "bench/spin.h"

namespace toro::bench {
namespace {

// ---- yield among N ----

// N threads that stay; between samples they are blocked.
struct Yielders {
  std::vector<Thread*> threads;
  uint64_t each = 0;  // yields of each thread in this sample
  uint64_t done = 0;
  size_t running = 0;

  void Loop() {
    threads.push_back(Scheduler::Current().current());
    for (;;) {
      Scheduler::Block();
      for (uint64_t i = each; i > 0; --i) Yield();
      done += each;
      --running;
    }
  }

  bool Start(size_t count) {
    while (threads.size() < count) {
      size_t before = threads.size();
      if (!Spawn(kNearCpu, [this] { Loop(); }).ok()) return false;
      while (threads.size() == before) Yield();
    }
    return true;
  }
};

Contender ToroYield(size_t count) {
  auto yielders = std::make_shared<Yielders>();
  auto body = [=](uint64_t n) {
    Yielders& all = *yielders;
    if (!all.Start(count)) return false;
    // The starter yields along with the others, so it takes a share too.
    all.each = n / (count + 1) + 1;
    all.done = 0;
    all.running = count;
    for (Thread* thread : all.threads) Scheduler::Current().MakeReady(*thread);
    while (all.running > 0) Yield();
    return all.done == all.each * count;
  };
  return {"Yield", Role::kOurs, ClusterPair::Get().InThread(body), {}};
}

namespace fcontext = boost::context::detail;

// N contexts in a circle, each jumps to the next: a scheduler without anything but the switch.
class FcontextRing {
 public:
  explicit FcontextRing(size_t count) : stacks_(new char[count * kStackBytes]) {
    for (size_t i = 0; i < count; ++i) {
      char* top = stacks_.get() + (i + 1) * kStackBytes - i % 32 * kColourBytes;
      contexts_.push_back(fcontext::make_fcontext(top, kStackBytes / 2, &Body));
    }
  }

  bool Run(uint64_t switches) {
    left_ = switches;
    starting_ = true;
    contexts_[current_] = fcontext::jump_fcontext(contexts_[current_], this).fctx;
    return left_ == 0;
  }

 private:
  static constexpr size_t kStackBytes = 16 * 1024;
  static constexpr size_t kColourBytes = 128;

  static void Body(fcontext::transfer_t from) {
    FcontextRing& ring = *static_cast<FcontextRing*>(from.data);
    for (;;) {
      ring.Arrive(from);
      while (ring.left_ == 0) {
        from = fcontext::jump_fcontext(ring.home_, &ring);
        ring.Arrive(from);
      }
      --ring.left_;
      ring.current_ = ring.current_ + 1 == ring.contexts_.size() ? 0 : ring.current_ + 1;
      from = fcontext::jump_fcontext(ring.contexts_[ring.current_], &ring);
    }
  }

  // Whoever is jumped to keeps where the one that jumped goes on.
  void Arrive(fcontext::transfer_t from) {
    if (starting_) {
      starting_ = false;
      home_ = from.fctx;
      return;
    }
    contexts_[current_ == 0 ? contexts_.size() - 1 : current_ - 1] = from.fctx;
  }

  std::unique_ptr<char[]> stacks_;
  std::vector<fcontext::fcontext_t> contexts_;
  size_t current_ = 0;
  uint64_t left_ = 0;
  bool starting_ = false;
  fcontext::fcontext_t home_ = nullptr;
};

Contender FcontextYield(size_t count) {
  auto ring = std::make_shared<FcontextRing>(count);
  return {"Boost fcontext in a circle", Role::kPeer, [=](uint64_t n) { return ring->Run(n); }, {}};
}

// N pthreads on this CPU that yield: this one and N - 1 others.
Contender LinuxYield(size_t count) {
  auto near = [=](uint64_t n) {
    std::atomic<uint64_t> left{n};
    auto yield = [&] {
      while (left.load(std::memory_order_relaxed) > 0) {
        left.store(left.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);  // one CPU: nobody in between
        sched_yield();
      }
    };
    std::vector<std::thread> others;
    for (size_t i = 1; i < count; ++i) others.emplace_back(yield);
    yield();
    for (std::thread& other : others) other.join();
    return true;
  };
  return {"Linux sched_yield", Role::kPeer, near, {}, true};
}

void AddYieldRows(Suite& suite) {
  struct Size {
    size_t threads;
    const char* goal;
  };
  for (Size size : {Size{2, "goal 4"}, Size{64, "goal 4"}, Size{1024, "goal 5"}, Size{16384, "goal 5"}}) {
    Group group;
    group.name = "yield_" + std::to_string(size.threads);
    group.operation = "yield among " + std::to_string(size.threads) + " threads";
    group.least_operations = size.threads * 64;
    group.contenders = {ToroYield(size.threads), FcontextYield(size.threads)};
    group.goals = {{size.goal, "Yield", "Boost fcontext in a circle", 1}};
    if (size.threads == 2) {
      group.contenders.push_back(LinuxYield(size.threads));
      group.goals.push_back({size.goal, "Yield", "Linux sched_yield", 250});
    }
    suite.Add(std::move(group));
  }
}

// ---- spawn ----

// What another CPU counts on this one's stack: in lines that nobody else writes, or the neighbours would be measured.
struct alignas(kSharedStrideBytes) FarCount {
  uint64_t value = 0;
};

Job SpawnAndJoin(CpuId cpu) {
  return [=](uint64_t n) {
    FarCount ran;  // written by the thread, read after the join
    for (uint64_t i = 0; i < n; ++i) {
      Result<ThreadId> thread = Spawn(cpu, [&ran] { ++ran.value; });
      if (!thread.ok() || Join(thread.value()) != Status::kOk) return false;
    }
    return ran.value == n;
  };
}

// A pthread on CPU `cpu` of the machine, created and joined.
bool PthreadOn(int cpu, void* (*function)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
  pthread_t thread;
  bool created = pthread_create(&thread, &attributes, function, argument) == 0;
  pthread_attr_destroy(&attributes);
  return created && pthread_join(thread, nullptr) == 0;
}

void* CountUp(void* counter) {
  ++*static_cast<uint64_t*>(counter);
  return nullptr;
}

Job PthreadCreateAndJoin(int cpu) {
  return [=](uint64_t n) {
    uint64_t ran = 0;
    for (uint64_t i = 0; i < n; ++i) {
      if (!PthreadOn(cpu, &CountUp, &ran)) return false;
    }
    return ran == n;
  };
}

void AddLocalSpawnRows(Suite& suite, const PinnedPair& pair) {
  Group group;
  group.name = "spawn_local";
  group.operation = "thread created, run and joined on the same CPU";
  group.smoke_operations = 100;
  group.least_operations = 16;
  group.contenders = {
      {"Spawn, Join", Role::kOurs, ClusterPair::Get().InThread(SpawnAndJoin(kNearCpu)), {}},
      {"pthread_create, pthread_join", Role::kPeer, PthreadCreateAndJoin(pair.near_cpu()), {}, true},
  };
  group.goals = {{"spawn", "Spawn, Join", "pthread_create, pthread_join", 200}};
  suite.Add(std::move(group));
}

// The thread's id comes back; the thread runs and ends on its own.
bool SpawnForId(uint64_t n) {
  FarCount ran;
  for (uint64_t i = 0; i < n; ++i) {
    Result<ThreadId> thread = Spawn(kFarCpu, [&ran] {
      ++ran.value;
      (void)Scheduler::Current().Detach(CurrentThread());
    });
    if (!thread.ok()) return false;
  }
  // Threads run in the order in which they were made, so all of the others have run when this one ends.
  Result<ThreadId> last = Spawn(kFarCpu, [] {});
  return last.ok() && Join(last.value()) == Status::kOk && ran.value == n;
}

uint64_t g_far_count;  // of the far CPU

void CountOnFarCpu(void*) { ++g_far_count; }

bool SpawnBatch(uint64_t n) {
  uint64_t before = Call(kFarCpu, [] { return g_far_count; });
  for (uint64_t i = 0; i < n; ++i) {
    if (SpawnDetached(kFarCpu, &CountOnFarCpu, nullptr) != Status::kOk) return false;
  }
  Cpu::Current().exchange().Flush();
  while (Call(kFarCpu, [] { return g_far_count; }) != before + n) Yield();
  return true;
}

Contender RawPingPong() {
  auto lines = std::make_shared<PingPong<>>();
  return {"raw two lines, MOV", Role::kLimit, [=](uint64_t n) { return lines->Near(n); },
          [=](uint64_t n) { return lines->Far(n); }};
}

Contender OursWithFar(const char* name, Job body) {
  ClusterPair& cluster = ClusterPair::Get();
  return {name, Role::kOurs, cluster.InThread(std::move(body)), cluster.Stepping()};
}

Contender LinuxWithFar(const char* name, Job near) {
  return {name, Role::kPeer, std::move(near), [](uint64_t) { return true; }, true};
}

void AddRemoteSpawnRows(Suite& suite, const PinnedPair& pair) {
  Group group;
  group.name = "spawn_remote";
  group.operation = "thread created and run on the other CPU";
  group.smoke_operations = 100;
  group.least_operations = 16;
  group.contenders = {
      RawPingPong(),
      OursWithFar("Spawn, id back", &SpawnForId),
      OursWithFar("Spawn, Join", SpawnAndJoin(kFarCpu)),
      OursWithFar("SpawnDetached, many under way", &SpawnBatch),
      LinuxWithFar("pthread_create, pthread_join", PthreadCreateAndJoin(pair.far_cpu())),
  };
  group.goals = {
      {"goal 10", "Spawn, id back", "raw two lines, MOV", 1 / 1.1},
      {"goal 10", "Spawn, id back", "pthread_create, pthread_join", 200},
      {"goal 11", "SpawnDetached, many under way", "pthread_create, pthread_join", 1000},
  };
  suite.Add(std::move(group));
}

// ---- migrate and call ----

bool MigrateThereAndBack(uint64_t n) {
  bool correct = true;
  for (uint64_t i = 0; i < n; ++i) {
    correct &= Migrate(kFarCpu) == Status::kOk && CurrentCpu() == kFarCpu;
    correct &= Migrate(kNearCpu) == Status::kOk && CurrentCpu() == kNearCpu;
  }
  return correct;
}

void AddMigrateRows(Suite& suite, const PinnedPair& pair) {
  Group group;
  group.name = "migrate";
  group.operation = "thread moved to the other CPU and back";
  group.smoke_operations = 100;
  group.least_operations = 16;
  int near_cpu = pair.near_cpu();
  int far_cpu = pair.far_cpu();
  auto linux_near = [=](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) {
      PinThisThread(far_cpu);
      PinThisThread(near_cpu);
    }
    return sched_getcpu() == near_cpu;
  };
  group.contenders = {
      RawPingPong(),
      OursWithFar("Migrate", &MigrateThereAndBack),
      LinuxWithFar("Linux sched_setaffinity", linux_near),
  };
  group.goals = {
      {"migrate", "Migrate", "raw two lines, MOV", 1 / 2.0},
      {"migrate", "Migrate", "Linux sched_setaffinity", 50},
  };
  suite.Add(std::move(group));
}

bool CallFar(uint64_t n) {
  uint64_t calls = 0;
  for (uint64_t i = 0; i < n; ++i) calls += Call(kFarCpu, [] { return uint64_t{1}; });
  return calls == n;
}

// ---- a call by two lines of the channel, as Call could be made ----

struct LineCall {
  Thread* caller = nullptr;
  uint64_t value = 0;
};

void AnswerLineCall(Cpu&, CpuId, const uint64_t* words, size_t) {
  auto* call = reinterpret_cast<LineCall*>(words[0]);
  call->value = words[1];
  Thread* caller = call->caller;
  call->caller = nullptr;
  Scheduler::Current().MakeReady(*caller);
}

void ServeLineCall(Cpu& here, CpuId from, const uint64_t* words, size_t) {
  const uint64_t reply[] = {words[0], words[1] + 1};
  TORO_CHECK(here.exchange().SendLine(from, &AnswerLineCall, reply, 2), "one call at a time cannot fill a channel");
}

bool CallByLines(uint64_t n) {
  bool correct = true;
  for (uint64_t i = 0; i < n; ++i) {
    LineCall call{Scheduler::Current().current()};
    const uint64_t request[] = {reinterpret_cast<uint64_t>(&call), i};
    if (!Cpu::Current().exchange().SendLine(kFarCpu, &ServeLineCall, request, 2)) return false;
    while (call.caller != nullptr) Scheduler::Block();
    correct &= call.value == i + 1;
  }
  return correct;
}

void AddCallRows(Suite& suite) {
  Group group;
  group.name = "remote_call";
  group.operation = "function called on the other CPU, its value back";
  group.contenders = {RawPingPong(), OursWithFar("Call", &CallFar),
                      OursWithFar("two lines of the channel", &CallByLines)};
  group.contenders.back().role = Role::kAlternative;
  group.goals = {
      {"call", "Call", "raw two lines, MOV", 1 / 1.5},
      {"call", "two lines of the channel", "raw two lines, MOV", 1 / 1.5},
  };
  suite.Add(std::move(group));
}

}  // namespace

void AddThreadRows(Suite& suite, const PinnedPair& pair) {
  AddYieldRows(suite);
  AddLocalSpawnRows(suite, pair);
  AddRemoteSpawnRows(suite, pair);
  AddMigrateRows(suite, pair);
  AddCallRows(suite);
}

}  // namespace toro::bench
