// Contract of the kernel with its applications, in both worlds: threads, calls, mailboxes, memory, time, migration.
// The TORO scenarios TestBeginThread-0/1, TestThreadSwitch-0, TestSleep, TestFreeMem and TestGetMem are among the
// checks.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/kernel/allocation.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"
#include "tests/contract/used_bytes.h"

namespace {

using contract::Check;
using toro::CpuId;
using toro::Status;

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }

// ---- spawn and join ----

void SpawnPassesItsArguments() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    uint64_t seen = 0;
    CpuId where{999};
    uint64_t parameter = 0x12345;
    auto thread = toro::Spawn(cpu, [&seen, &where, parameter] {
      where = toro::CurrentCpu();
      seen = parameter;
    });
    Check(thread.ok() && toro::Join(thread.value()) == Status::kOk, "a spawned thread can be joined");
    Check(seen == parameter && where == cpu, "a spawned thread runs on its CPU with its arguments");
  }
}

void SpawnRefusesWhatCannotBe() {
  Check(toro::Spawn(CpuId{toro::CpuCount()}, [] {}).status() == Status::kNoSuchCpu,
        "no thread on a CPU that is not there");
  Check(toro::Spawn(LastCpu(), [] {}, {.stack_bytes = size_t{1} << 50}).status() == Status::kOutOfMemory,
        "a stack larger than the partition is refused");
  Check(toro::Spawn(LastCpu(), [] {}, {.stack_bytes = 1}).status() == Status::kInvalidArgument,
        "a stack that is too small is refused");
  Check(toro::Spawn(LastCpu(), [] {}, {.stack_bytes = ~size_t{0}}).status() == Status::kInvalidArgument,
        "a stack size that wraps around is refused");
  const size_t partition_bytes = toro::Statistics(LastCpu()).memory.total_bytes;
  Check(toro::Spawn(LastCpu(), [] {}, {.stack_bytes = partition_bytes}).status() == Status::kOutOfMemory,
        "a stack as large as the partition is refused");
  auto thread = toro::Spawn(LastCpu(), [] {}, {.stack_bytes = 0});
  Check(thread.ok() && toro::Join(thread.value()) == Status::kOk, "a stack size of 0 is the default");
}

void JoinReportsMisuse() {
  auto thread = toro::Spawn(LastCpu(), [] {});
  Check(toro::Join(thread.value()) == Status::kOk, "the first join succeeds");
  Check(toro::Join(thread.value()) == Status::kNoSuchThread, "the second join finds no such thread");
  Check(toro::Join(toro::CurrentThread()) == Status::kWouldDeadlock, "a thread cannot join itself");
  Check(toro::Join(toro::ThreadId()) == Status::kNoSuchThread, "the null id names no thread");

  auto detached = toro::Spawn(LastCpu(), [] {});
  Check(toro::Detach(detached.value()) == Status::kOk, "a thread can be detached, wherever it is");
  Check(toro::Join(detached.value()) != Status::kOk, "a detached thread cannot be joined");

  bool stop = false;
  auto runs = toro::Spawn(toro::kBootCpu, [&stop] {
    while (!stop) toro::Yield();
  });
  Status second = Status::kOk;
  auto first_joiner = toro::Spawn(toro::kBootCpu, [&] { (void)toro::Join(runs.value()); });
  toro::Yield();
  second = toro::Join(runs.value());
  stop = true;
  Check(second == Status::kAlreadyJoined, "only one thread may join");
  Check(toro::Join(first_joiner.value()) == Status::kOk, "the first joiner goes on");
}

void ManyThreadsOnEveryCpuAllEnd() {
  constexpr int kThreads = 200;
  std::vector<uint64_t> sums(toro::CpuCount() * 8);
  std::vector<toro::ThreadId> threads;
  for (int i = 0; i < kThreads; ++i) {
    CpuId cpu{static_cast<size_t>(i) % toro::CpuCount()};
    auto thread = toro::Spawn(cpu,
                              [&sums, i] {
                                for (int y = 0; y < 10; ++y) toro::Yield();
                                sums[toro::CurrentCpu().index() * 8] +=
                                    static_cast<uint64_t>(i);  // 64 bytes apart: each CPU its own line
                              },
                              {.stack_bytes = toro::kLeastStackBytes * 2});
    if (thread.ok()) threads.push_back(thread.value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  uint64_t sum = 0;
  for (uint64_t part : sums) sum += part;
  Check(threads.size() == kThreads && sum == kThreads * (kThreads - 1) / 2, "200 threads run to their end");
}

void DetachedThreadsRunInBatches() {
  constexpr uint64_t kThreads = 1000;
  toro::Mailbox<uint64_t> done;
  struct Order {
    toro::Mailbox<uint64_t>* done;
    uint64_t number;
  };
  std::vector<Order> orders(kThreads);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < kThreads; ++i) {
    orders[i] = {&done, i};
    Status status = toro::SpawnDetached(
        LastCpu(),
        [](void* argument) {
          auto* order = static_cast<Order*>(argument);
          (void)order->done->Send(order->number);
        },
        &orders[i]);
    if (status != Status::kOk) break;
    // Never more than 25 at a time: each has a stack in the partition of its CPU.
    if (i % 25 != 24) continue;
    for (int n = 0; n < 25; ++n) sum += done.Receive();
  }
  Check(sum == kThreads * (kThreads - 1) / 2, "1000 detached threads run once each");
}

// What detached threads leave behind for the check that follows them. All on one CPU.
struct Detached {
  std::vector<toro::ThreadId> ids;
  toro::Mailbox<int>* open = nullptr;
  int waiting = 0;
  int passed = 0;
};

void DetachedThreadsAreThreadsOfTheirOwn() {
  toro::Mailbox<int> open;
  Detached seen;
  seen.open = &open;
  // Every third one waits until it is let go; the others do not wait for it.
  for (int i = 0; i < 30; ++i) {
    auto body = i % 3 == 0 ? [](void* argument) {
      auto* all = static_cast<Detached*>(argument);
      all->ids.push_back(toro::CurrentThread());
      ++all->waiting;
      (void)all->open->Receive();
      --all->waiting;
    } : [](void* argument) {
      auto* all = static_cast<Detached*>(argument);
      all->ids.push_back(toro::CurrentThread());
      ++all->passed;
    };
    (void)toro::SpawnDetached(toro::kBootCpu, body, &seen);
  }
  for (int turn = 0; turn < 1000 && seen.waiting + seen.passed < 30; ++turn) toro::Yield();
  Check(seen.passed == 20 && seen.waiting == 10, "a detached thread that waits holds up no other");
  for (int i = 0; i < 10; ++i) (void)open.Send(i);
  while (seen.waiting > 0) toro::Yield();
  bool unique = seen.ids.size() == 30;
  for (size_t i = 0; i < seen.ids.size(); ++i) {
    for (size_t k = 0; k < i; ++k) unique = unique && seen.ids[i] != seen.ids[k];
  }
  Check(unique, "every detached thread has an id of its own");
}

void MoreDetachedThreadsThanStacksFitAllRun() {
  static uint64_t ran;  // of the last CPU
  ran = 0;
  constexpr uint64_t kThreads = 20000;  // their stacks would fill a gigabyte
  for (uint64_t i = 0; i < kThreads; ++i) {
    (void)toro::SpawnDetached(
        LastCpu(), [](void*) { ++ran; }, nullptr);
  }
  while (toro::Call(LastCpu(), [] { return ran; }) < kThreads) toro::Yield();
  Check(toro::Call(LastCpu(), [] { return ran; }) == kThreads, "20000 detached threads need no stack each");
}

// ---- switching ----

// Values that the compiler keeps in call-saved registers, and in vector registers, across a yield.
void RegistersSurviveYields() {
  uint64_t a = toro::NowNs() | 1, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13;
  double x = static_cast<double>(a), y = x / 3, z = x / 7;
  auto disturb = toro::Spawn(toro::kBootCpu, [] {
    for (int i = 0; i < 10; ++i) {
      asm volatile("" ::: "rbx", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm7");
      toro::Yield();
    }
  });
  bool same = true;
  for (uint64_t i = 0; i < 10; ++i) {
    uint64_t sum = a + b + c + d + e + f + i;
    double real = x + y + z;
    toro::Yield();
    asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+x"(x), "+x"(y), "+x"(z));
    same = same && sum == a + b + c + d + e + f + i && real == x + y + z;
  }
  (void)toro::Join(disturb.value());
  Check(same, "registers survive a switch");
}

void YieldIsFirstInFirstOut() {
  std::string order;
  std::vector<toro::ThreadId> threads;
  for (char name : {'a', 'b', 'c'}) {
    threads.push_back(toro::Spawn(toro::kBootCpu, [&order, name] {
                        for (int i = 0; i < 3; ++i) {
                          order += name;
                          toro::Yield();
                        }
                      }).value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(order == "abcabcabc", "threads of one CPU take turns in order");
}

// ---- messages ----

void CallsRunOnTheirCpu() {
  bool all = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    CpuId there = toro::Call(CpuId{i}, [] { return toro::CurrentCpu(); });
    all = all && there == CpuId{i};
  }
  Check(all, "a call runs on its CPU and returns its value");
  int written = 0;
  toro::Call(LastCpu(), [&written] { written = 42; });
  Check(written == 42, "a call without a value has happened when it returns");
}

void MailboxesKeepTheOrderOfEachSender() {
  toro::Mailbox<std::pair<size_t, int>> mailbox;
  constexpr int kLetters = 500;
  std::vector<toro::ThreadId> senders;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    senders.push_back(toro::Spawn(CpuId{i}, [&mailbox, i] {
                        for (int n = 0; n < kLetters; ++n) {
                          (void)mailbox.Send({i, n});
                          if (n % 7 == 0) toro::Yield();
                        }
                      }).value());
  }
  std::vector<int> next(toro::CpuCount());
  bool ordered = true;
  for (size_t n = 0; n < toro::CpuCount() * kLetters; ++n) {
    auto [sender, number] = mailbox.Receive();
    ordered = ordered && next[sender]++ == number;
  }
  for (toro::ThreadId sender : senders) (void)toro::Join(sender);
  Check(ordered && mailbox.empty(), "letters of one sender arrive in order, all of them, once");
}

// ---- migration ----

void MigrationVisitsEveryCpu() {
  char text[] = "carried along";
  std::string heap = "allocated at home";
  bool right = true;
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < toro::CpuCount(); ++i) {
      right = right && toro::Migrate(CpuId{i}) == Status::kOk && toro::CurrentCpu() == CpuId{i};
      heap += 'x';  // may move to memory of this CPU; the old goes home
    }
  }
  right = right && toro::Migrate(toro::kBootCpu) == Status::kOk;
  Check(right && std::strcmp(text, "carried along") == 0 && heap.size() == 17 + 3 * toro::CpuCount(),
        "a thread visits every CPU and keeps its stack and its memory");
  Check(toro::Migrate(CpuId{toro::CpuCount()}) == Status::kNoSuchCpu, "no way to a CPU that is not there");
}

void AThreadThatEndsAwayIsJoinedAtHome() {
  bool ended = true;
  for (int i = 0; i < 20; ++i) {
    auto thread = toro::Spawn(toro::kBootCpu, [] { (void)toro::Migrate(LastCpu()); });
    ended = ended && toro::Join(thread.value()) == Status::kOk;
  }
  Check(ended, "threads that end on another CPU are joined through their home");
}

// ---- memory ----

void MemoryBehavesAtItsEdges() {
  toro::FreeBytes(nullptr);
  void* zero = toro::AllocateBytes(0);
  void* other = toro::AllocateBytes(0);
  Check(zero != nullptr && other != nullptr && zero != other, "size 0 gives unique pointers");
  toro::FreeBytes(zero);
  toro::FreeBytes(other);
  Check(toro::AllocateBytes(size_t{1} << 46) == nullptr, "an impossible size gives null");

  std::vector<char*> held;
  held.reserve(4096);
  while (held.size() < 4096) {
    char* block = static_cast<char*>(toro::AllocateBytes(64 * toro::kKiB));
    if (block == nullptr) break;
    *block = 1;
    held.push_back(block);
  }
  bool some = !held.empty();
  for (char* block : held) toro::FreeBytes(block);
  Check(some && toro::AllocateBytes(size_t{1} << 46) == nullptr, "the partition can be used up and given back");
}

void ForeignFreesGoHome() {
  // The stack of an ended thread is kept for the next one.
  (void)toro::Join(toro::Spawn(LastCpu(), [] {}).value());
  size_t before = contract::UsedBytes(toro::kBootCpu);
  constexpr int kObjects = 3000;
  for (int round = 0; round < 3; ++round) {
    auto* objects = new std::vector<void*>(kObjects);
    for (void*& object : *objects) object = toro::AllocateBytes(100);
    auto thread = toro::Spawn(LastCpu(), [objects] {
      for (void* object : *objects) toro::FreeBytes(object);
      delete objects;
    });
    (void)toro::Join(thread.value());
  }
  // What is on its way has arrived after both have stepped.
  for (int i = 0; i < 1000 && contract::UsedBytes(toro::kBootCpu) > before; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(contract::UsedBytes(toro::kBootCpu) <= before, "what others free comes home to the last byte");
}

// ---- time ----

void SleepNeverEndsEarly() {
  bool right = true;
  for (uint64_t ns : {uint64_t{0}, 50 * toro::kNsPerUs, 2 * toro::kNsPerMs}) {
    uint64_t start = toro::NowNs();
    toro::SleepFor(ns);
    right = right && toro::NowNs() - start >= ns;
  }
  Check(right, "a sleep never ends early");
  std::string order;
  std::vector<toro::ThreadId> sleepers;
  uint64_t base = toro::NowNs() + toro::kNsPerMs;
  for (int i : {3, 1, 2}) {
    sleepers.push_back(toro::Spawn(toro::kBootCpu, [&order, base, i] {
                         toro::SleepUntil(base + static_cast<uint64_t>(i) * toro::kNsPerMs);
                         order += static_cast<char>('0' + i);
                       }).value());
  }
  for (toro::ThreadId sleeper : sleepers) (void)toro::Join(sleeper);
  Check(order == "123", "sleepers wake in the order of their deadlines");
}

void SleepersOnOtherCpusWakeToo() {
  std::vector<toro::ThreadId> threads;
  toro::Mailbox<size_t> awake;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    threads.push_back(toro::Spawn(CpuId{i}, [&awake] {
                        for (int n = 0; n < 5; ++n) toro::SleepFor(300 * toro::kNsPerUs);
                        (void)awake.Send(toro::CurrentCpu().index());
                      }).value());
  }
  size_t sum = 0;
  for (size_t i = 0; i < toro::CpuCount(); ++i) sum += awake.Receive();
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(sum == toro::CpuCount() * (toro::CpuCount() - 1) / 2, "sleepers of every CPU wake");
}

// ---- layout ----

void SharedObjectsLieOnTheirOwnLines() {
  bool aligned = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    aligned = aligned && reinterpret_cast<uintptr_t>(&toro::Cluster::Get().cpu(CpuId{i})) % toro::kCacheLineBytes == 0;
  }
  Check(aligned, "the structures of each CPU start on a line of their own");
}

}  // namespace

int main() {
  SpawnPassesItsArguments();
  SpawnRefusesWhatCannotBe();
  JoinReportsMisuse();
  ManyThreadsOnEveryCpuAllEnd();
  DetachedThreadsRunInBatches();
  DetachedThreadsAreThreadsOfTheirOwn();
  MoreDetachedThreadsThanStacksFitAllRun();
  RegistersSurviveYields();
  YieldIsFirstInFirstOut();
  CallsRunOnTheirCpu();
  MailboxesKeepTheOrderOfEachSender();
  MigrationVisitsEveryCpu();
  AThreadThatEndsAwayIsJoinedAtHome();
  MemoryBehavesAtItsEdges();
  ForeignFreesGoHome();
  SleepNeverEndsEarly();
  SleepersOnOtherCpusWakeToo();
  SharedObjectsLieOnTheirOwnLines();
  return contract::End();
}
