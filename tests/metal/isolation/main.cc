// isolation: what CPUs can do, and cannot do, when none can write into the memory of another (docs/isolation.md).
// Booted with `isolate` and three CPUs or more. With the argument "wild" it makes one wild write and catches nothing.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
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
  Check(toro::Migrate(toro::CurrentCpu()) == Status::kOk, "to stay is no migration");
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
  Check(true, "objects that another CPU frees come home, though it cannot write them");
}

void AnswersThatComeLater() {
  std::string text = kLong;
  auto later = toro::SpawnAsync(LastCpu(), [text]() mutable { return text += "w"; });
  auto soon = toro::CallAsync(LastCpu(), [text]() mutable { return text += "v"; });
  Check(later.Get().value() == kLong + "w" && soon.Get().value() == kLong + "v",
        "a future's function object and value are copied");
  auto refused = toro::CallAsync(LastCpu(), [only_moved = std::make_unique<int>(1)] {});
  Check(refused.Get().status() == Status::kIsolated, "one that can only be moved is refused");

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

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "wild") == 0) {
    uintptr_t own = reinterpret_cast<uintptr_t>(toro::AllocateBytes(64));
    (void)toro::Join(toro::Spawn(LastCpu(), [own] { WriteWord(own); }, {.name = "wild"}).value());
    return 2;
  }
  ForeignMemoryCanBeRead();
  AThreadStaysOnItsCpu();
  WhatCrossesIsCopied();
  WhatCanOnlyBeMovedStays();
  MailsFromEverywhere();
  ForeignFreesGoHome();
  AnswersThatComeLater();
  DetachedThreadsAndJoins();
  TheKernelsOwnStructuresOfAnotherCpuFault();
  EveryWildWriteFaultsOnItsWriterAndTheOthersServe();
  MailsFromEverywhere();
  return contract::End();
}
