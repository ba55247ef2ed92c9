// isolation: what CPUs can do, and cannot do, when none can write into the memory of another (docs/isolation.md).
// Booted with `isolate` and three CPUs or more. With the argument "wild" it makes one wild write and catches nothing;
// with "moved" it calls for a value that can only be moved; with "spin" a thread never yields.
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/kernel/barrier.h"
#include "core/kernel/channel.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu_fault.h"
#include "core/kernel/future.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace {

using contract::Check;
using toro::CpuId;
using toro::Status;

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }

const std::string kLong(100, 'x');  // no short string: it lies in the memory of CPU 0

// One line each, so that no CPU takes another's.
struct alignas(128) Counter {
  uint64_t calls = 0;
};
Counter served[toro::kMaxCpus];

// ---- a CPU that writes wherever it can ----

struct Harvest {
  uint64_t pages = 0;
  uint64_t faults = 0;
  uint64_t faults_elsewhere = 0;  // that name another address
  uint64_t written = 0;
};

[[gnu::noinline]] void WriteWord(uintptr_t at) { *reinterpret_cast<volatile uint64_t*>(at + 8) = 0xbad; }

bool IsShared(uintptr_t page, const toro::MemoryRange& range) { return page - range.begin < range.bytes; }

void WritePages(CpuId owner, Harvest& harvest) {
  auto shared = toro::Cluster::Get().SharedBetween(toro::CurrentCpu(), owner);
  const toro::PartitionRanges& partition = toro::Cluster::Get().memory().partitions[owner.index()];
  for (size_t r = 0; r < partition.count; ++r) {
    uintptr_t begin = toro::AlignDown(partition.ranges[r].begin, toro::kLargePageBytes);
    for (uintptr_t page = begin; page < partition.ranges[r].end(); page += toro::kPageBytes) {
      if (IsShared(page, shared.bells) || IsShared(page, shared.link)) continue;
      ++harvest.pages;
      try {
        WriteWord(page);
        ++harvest.written;
      } catch (const toro::PageFault& fault) {
        ++harvest.faults;
        if (fault.address() != page + 8) ++harvest.faults_elsewhere;
      }
    }
  }
}

void EveryWildWriteFaultsOnItsWriterAndTheOthersServe() {
  toro::Mailbox<Harvest> done;
  auto writer = toro::Spawn(LastCpu(), [&done] {
    Harvest harvest;
    for (size_t i = 0; i + 1 < toro::CpuCount(); ++i) WritePages(CpuId{i}, harvest);
    (void)done.Send(harvest);
  });
  uint64_t calls = 0;
  while (done.empty()) {
    for (size_t i = 1; i + 1 < toro::CpuCount(); ++i) toro::Call(CpuId{i}, [i] { ++served[i].calls; });
    ++calls;
    toro::Yield();
  }
  Harvest harvest = done.Receive();
  Check(toro::Join(writer.value()) == Status::kOk, "the CPU that wrote everywhere goes on");
  std::printf("%llu pages, %llu faults, %llu rounds of calls served meanwhile\n",
              static_cast<unsigned long long>(harvest.pages), static_cast<unsigned long long>(harvest.faults),
              static_cast<unsigned long long>(calls));
  Check(harvest.pages > 1000 && harvest.faults == harvest.pages && harvest.written == 0,
        "a write to every page of every other CPU faults, each on the CPU that made it");
  Check(harvest.faults_elsewhere == 0, "each fault names the address");
  bool all = calls > 0;
  for (size_t i = 1; i + 1 < toro::CpuCount(); ++i) all &= served[i].calls == calls;
  Check(all, "the other CPUs served calls all the while");
}

// What the kernel keeps for another CPU outside of its partition.
void TheKernelsOwnStructuresOfAnotherCpuFault() {
  struct Places {
    uintptr_t block, stack, root;
  };
  Places places = toro::Call(LastCpu(), [] {
    Places of;
    asm volatile("movq %%gs:32, %0; movq %%rsp, %1; movq %%cr3, %2" : "=r"(of.block), "=r"(of.stack), "=r"(of.root));
    return of;
  });
  int faults = 0;
  for (uintptr_t place : {places.block, places.stack, places.root}) {
    try {
      WriteWord(place);
    } catch (const toro::PageFault&) {
      ++faults;
    }
  }
  Check(faults == 3, "another CPU's block, the stack of its loop, and its page tables cannot be written");
}

// ---- what is there to be used ----

void ForeignMemoryCanBeRead() {
  auto word = std::make_unique<uint64_t>(4711);
  const uint64_t* address = word.get();
  Check(toro::Call(LastCpu(), [address] { return *address; }) == 4711, "memory of another CPU can be read");
}

void AThreadStaysOnItsCpu() {
  Check(toro::Migrate(LastCpu()) == Status::kIsolated, "a thread does not migrate");
  Check(toro::SetTakesWork(LastCpu(), true) == Status::kIsolated, "nor is it handed over to a CPU without work");
  Check(toro::Migrate(toro::CurrentCpu()) == Status::kOk, "to stay is no migration");
  Check(toro::BorrowMemory(LastCpu(), 64).status() == Status::kIsolated, "nor is memory lent that it could not write");
}

void WhatCrossesIsCopied() {
  std::string text = kLong;
  size_t length = toro::Call(LastCpu(), [text]() mutable {
    text += "y";
    return text.size();
  });
  Check(length == 101 && text == kLong, "a function object is copied to the called CPU, which may change it");
  Check(toro::Call(LastCpu(), [text] { return text + "z"; }) == kLong + "z", "a value is copied back");

  toro::Mailbox<std::string> mailbox;
  auto thread = toro::Spawn(LastCpu(), [text, &mailbox]() mutable {
    text[0] = 'a';
    (void)mailbox.Send(text);
  });
  std::string got = mailbox.Receive();
  got[1] = 'b';
  Check(toro::Join(thread.value()) == Status::kOk && got.substr(0, 3) == "abx" && text == kLong,
        "a closure is copied to the new thread, and a message to its receiver");
}

void WhatCanOnlyBeMovedStays() {
  auto only_moved = std::make_unique<int>(1);
  auto thread = toro::Spawn(LastCpu(), [only_moved = std::move(only_moved)] {});
  Check(thread.status() == Status::kIsolated, "a closure that can only be moved is refused");
  auto* mailbox = new toro::Mailbox<std::unique_ptr<int>>();
  Status status = toro::Call(LastCpu(), [mailbox] { return mailbox->Send(nullptr); });
  Check(status == Status::kIsolated, "a message that can only be moved is refused");
  delete mailbox;
}

void MailsFromEverywhere() {
  constexpr uint64_t kEach = 500;
  toro::Mailbox<std::vector<uint64_t>> mailbox;
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    threads.push_back(toro::Spawn(CpuId{i}, [&mailbox, i] {
                        for (uint64_t n = 0; n < kEach; ++n) (void)mailbox.Send({i, n});
                      }).value());
  }
  std::vector<uint64_t> next(toro::CpuCount());
  bool in_order = true;
  for (uint64_t n = 0; n < kEach * toro::CpuCount(); ++n) {
    std::vector<uint64_t> mail = mailbox.Receive();
    in_order &= mail[1] == next[mail[0]]++;
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(in_order && mailbox.empty(), "messages of every CPU arrive, each once and in order");
}

void ForeignFreesGoHome() {
  constexpr size_t kObjects = 2000;
  std::vector<void*> objects;
  for (size_t i = 0; i < kObjects; ++i) objects.push_back(toro::AllocateBytes(64));
  std::vector<void*>* all = &objects;
  uint64_t before = toro::Statistics(toro::CurrentCpu()).returns.returned;
  auto thread = toro::Spawn(LastCpu(), [all] {
    for (void* object : *all) toro::FreeBytes(object);
  });
  (void)toro::Join(thread.value());
  while (toro::Statistics(toro::CurrentCpu()).returns.returned < before + kObjects) toro::Yield();
  Check(toro::Statistics(LastCpu()).returns.most_waiting > 0,
        "objects that another CPU frees come home, though it cannot write them, also when the channel is full");
}

void AnswersThatComeLater() {
  std::string text = kLong;
  auto later = toro::SpawnAsync(LastCpu(), [text]() mutable { return text += "w"; });
  auto soon = toro::CallAsync(LastCpu(), [text]() mutable { return text += "v"; });
  Check(later.Get().value() == kLong + "w" && soon.Get().value() == kLong + "v",
        "a future's function object and value are copied");
  auto refused = toro::CallAsync(LastCpu(), [only_moved = std::make_unique<int>(1)] {});
  Check(refused.Get().status() == Status::kIsolated, "one that can only be moved is refused");
  auto value = toro::CallAsync(LastCpu(), [] { return std::make_unique<int>(1); });
  auto spawned = toro::SpawnAsync(LastCpu(), [] { return std::make_unique<int>(1); });
  Check(value.Get().status() == Status::kIsolated && spawned.Get().status() == Status::kIsolated, "so is such a value");

  toro::Channel<std::string> bounded(2);
  toro::Barrier barrier(toro::CpuCount());
  for (size_t i = 1; i < toro::CpuCount(); ++i) {
    (void)toro::Detach(toro::Spawn(CpuId{i}, [&bounded, &barrier] {
                         for (int n = 0; n < 50; ++n) (void)bounded.Send(kLong);
                         (void)barrier.Arrive();
                       }).value());
  }
  bool whole = true;
  for (size_t n = 0; n < 50 * (toro::CpuCount() - 1); ++n) whole &= bounded.Receive().value() == kLong;
  Check(barrier.Arrive() == Status::kOk && whole && bounded.empty(), "a bounded channel and a barrier of all CPUs");
}

void DetachedThreadsAndJoins() {
  constexpr uint64_t kThreads = 1000;
  static Counter ran;
  for (uint64_t i = 0; i < kThreads; ++i) {
    (void)toro::SpawnDetached(
        LastCpu(), [](void* counter) { ++static_cast<Counter*>(counter)->calls; }, &ran);
  }
  while (toro::Call(LastCpu(), [] { return ran.calls; }) < kThreads) toro::Yield();
  Check(ran.calls == kThreads, "detached threads run on another CPU");
}

// ---- the standard library's threads ----

// All in one global variable, as docs/isolation.md demands.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<uint32_t> turn{0};
  uint64_t sum = 0;
  uint64_t inside = 0;
  bool alone = true;
  size_t waiting = 0;
  bool go = false;
};
Shared shared;
constexpr uint64_t kRounds = 200;

// Yields inside, so that others come to a mutex that is held, and queue.
void AddUnderTheMutex() {
  for (uint64_t i = 0; i < kRounds; ++i) {
    std::lock_guard holder(shared.mutex);
    shared.alone &= ++shared.inside == 1;
    toro::Yield();
    --shared.inside;
    ++shared.sum;
    shared.changed.notify_all();
  }
}

void AMutexInAGlobalVariableServesAllCpus() {
  constexpr size_t kPerCpu = 3;
  const uint64_t wanted = kPerCpu * kRounds * toro::CpuCount();
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < kPerCpu * toro::CpuCount(); ++i) {
    threads.push_back(toro::Spawn(CpuId{i % toro::CpuCount()}, &AddUnderTheMutex).value());
  }
  {
    std::unique_lock holder(shared.mutex);
    shared.changed.wait(holder, [wanted] { return shared.sum == wanted; });
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(shared.alone && shared.sum == wanted,
        "a mutex and a condition in a global variable serve the threads of all CPUs");
}

// More threads than the pool of waiting places has room for: some poll, and none is forgotten.
void MoreWaitersThanPlaces() {
  constexpr size_t kThreads = 400;
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.push_back(toro::Spawn(CpuId{i % toro::CpuCount()}, [] {
                        std::unique_lock holder(shared.mutex);
                        ++shared.waiting;
                        shared.changed.wait(holder, [] { return shared.go; });
                      }).value());
  }
  for (bool all = false; !all; toro::Yield()) {
    std::lock_guard holder(shared.mutex);
    all = shared.waiting == kThreads;
  }
  {
    std::lock_guard holder(shared.mutex);
    shared.go = true;
  }
  shared.changed.notify_all();
  bool all = true;
  for (toro::ThreadId thread : threads) all &= toro::Join(thread) == Status::kOk;
  Check(all, "hundreds of threads wait for a condition, and all wake");
}

void AnAtomicIsWaitedForOnAnotherCpu() {
  auto thread = toro::Spawn(LastCpu(), [] {
    for (uint32_t turn = 0; turn < 2 * kRounds; turn += 2) {
      shared.turn.wait(turn);
      shared.turn = turn + 2;
      shared.turn.notify_one();
    }
  });
  for (uint32_t turn = 0; turn < 2 * kRounds; turn += 2) {
    shared.turn = turn + 1;
    shared.turn.notify_one();
    shared.turn.wait(turn + 1);
  }
  Check(toro::Join(thread.value()) == Status::kOk && shared.turn == 2 * kRounds, "two CPUs take turns at an atomic");
}

int SlowToBegin() {
  static const int value = [] {
    for (int i = 0; i < 100; ++i) toro::Yield();
    return 17;
  }();
  return value;
}

void AStaticIsConstructedOnce() {
  toro::Mailbox<int> values;
  for (size_t i = 0; i < 2 * toro::CpuCount(); ++i) {
    (void)toro::Detach(
        toro::Spawn(CpuId{i % toro::CpuCount()}, [&values] { (void)values.Send(SlowToBegin()); }).value());
  }
  bool all = true;
  for (size_t i = 0; i < 2 * toro::CpuCount(); ++i) all &= values.Receive() == 17;
  Check(all, "threads of all CPUs wait for the constructor of a static");
}

// On each CPU a program of its own, on that CPU's heap.
void AStdThreadStaysWithItsCreator() {
  toro::Mailbox<bool> results;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    (void)toro::Detach(toro::Spawn(CpuId{i}, [&results] {
                         auto words = std::make_unique<std::vector<std::string>>();
                         std::mutex mutex;
                         std::latch begun(5);
                         bool here = true;
                         {
                           std::vector<std::jthread> threads;
                           for (int n = 0; n < 4; ++n) {
                             threads.emplace_back(
                                 [&, cpu = toro::CurrentCpu()](std::string text) {
                                   begun.arrive_and_wait();
                                   std::lock_guard holder(mutex);
                                   toro::Yield();
                                   here &= toro::CurrentCpu() == cpu;
                                   words->push_back(std::move(text));
                                 },
                                 kLong);
                           }
                           begun.arrive_and_wait();
                         }
                         (void)results.Send(here && words->size() == 4 && words->back() == kLong);
                       }).value());
  }
  bool all = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) all &= results.Receive();
  Check(all && std::thread::hardware_concurrency() == 1,
        "a std::thread runs on its creator's CPU, with all that it shares");

  std::thread mine([] {});
  pthread_t handle = mine.native_handle();
  Check(toro::Call(LastCpu(), [handle] { return pthread_detach(handle); }) == ESRCH,
        "another CPU knows no such thread, and takes no lock in it");
  mine.join();
  cpu_set_t last;
  CPU_ZERO(&last);
  CPU_SET(LastCpu().index(), &last);
  Check(pthread_setaffinity_np(pthread_self(), sizeof last, &last) == ENOTSUP, "nor does affinity move a thread");
}

// ---- memory ----

void AnExhaustedCpuAsksItsOwnHook() {
  static void* kept;  // by the last CPU, in its partition
  auto thread = toro::Spawn(LastCpu(), [] {
    kept = toro::AllocateBytes(toro::kMiB);
    toro::SetOutOfMemoryHook(
        [](void*, size_t) {
          toro::FreeBytes(std::exchange(kept, nullptr));
          return true;
        },
        nullptr);
    struct Block {
      Block* next;
    };
    Block* blocks = nullptr;
    while (kept != nullptr) {
      auto* block = static_cast<Block*>(toro::AllocateBytes(64 * toro::kKiB));
      if (block == nullptr) break;
      block->next = blocks;
      blocks = block;
    }
    toro::SetOutOfMemoryHook(nullptr, nullptr);
    while (blocks != nullptr) toro::FreeBytes(std::exchange(blocks, blocks->next));
  });
  Check(toro::Join(thread.value()) == Status::kOk && kept == nullptr,
        "the hook of an exhausted CPU is asked, and frees");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "wild") == 0) {
    uintptr_t own = reinterpret_cast<uintptr_t>(toro::AllocateBytes(64));
    (void)toro::Join(toro::Spawn(LastCpu(), [own] { WriteWord(own); }, {.name = "wild"}).value());
    return 2;
  }
  if (argc == 2 && std::strcmp(argv[1], "moved") == 0) {
    (void)toro::Call(LastCpu(), [] { return std::make_unique<int>(1); });
    return 2;
  }
  if (argc == 2 && std::strcmp(argv[1], "spin") == 0) {
    (void)toro::Join(toro::Spawn(LastCpu(),
                                 [] {
                                   while (shared.turn == 0) continue;
                                 },
                                 {.name = "spin"})
                         .value());
  }
  ForeignMemoryCanBeRead();
  AThreadStaysOnItsCpu();
  WhatCrossesIsCopied();
  WhatCanOnlyBeMovedStays();
  MailsFromEverywhere();
  ForeignFreesGoHome();
  AnswersThatComeLater();
  DetachedThreadsAndJoins();
  AMutexInAGlobalVariableServesAllCpus();
  MoreWaitersThanPlaces();
  AnAtomicIsWaitedForOnAnotherCpu();
  AStaticIsConstructedOnce();
  AStdThreadStaysWithItsCreator();
  AnExhaustedCpuAsksItsOwnHook();
  TheKernelsOwnStructuresOfAnotherCpuFault();
  EveryWildWriteFaultsOnItsWriterAndTheOthersServe();
  MailsFromEverywhere();
  return contract::End();
}
