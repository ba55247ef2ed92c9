// What was found wrong in the predecessor's sources, as checks that it would fail. The numbers are those of
// docs/predecessor_defects.md.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/mix.h"
#include "core/kernel/allocation.h"
#include "core/kernel/mailbox.h"
#include "core/memory/boot_map.h"
#include "tests/contract/contract.h"
#include "tests/contract/predecessor/tests.h"
#include "tests/contract/used_bytes.h"

namespace {

using contract::Check;
using contract::ComesBackTo;
using contract::UsedBytes;
using toro::CpuId;
using toro::Status;

// ---- memory ----

struct Block {
  Block* next;
};

// Takes page runs from the calling CPU until there are none. Returns how many, or 0 if one is of another CPU.
size_t TakeAll(size_t bytes, Block*& all) {
  size_t count = 0;
  bool own = true;
  while (void* memory = toro::AllocateBytes(bytes)) {
    own = own && OwnerOf(memory) == toro::CurrentCpu().index();
    all = new (memory) Block{all};
    ++count;
  }
  return own ? count : 0;
}

void FreeAll(Block* all) {
  while (all != nullptr) {
    Block* next = all->next;
    toro::FreeBytes(all);
    all = next;
  }
}

// Defect 1. There, what was freed drifted to CPU 0, because the blocks of all partitions were stamped at boot, by CPU
// 0.
void PartitionsDoNotDrift() {
  bool same = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    CpuId cpu{i};
    size_t first = 0;
    for (int round = 0; round < 5; ++round) {
      // Whose stack the next one gets.
      (void)toro::Join(toro::Spawn(cpu, [] {}).value());
      size_t before = UsedBytes(cpu);
      struct Taken {
        Block* all = nullptr;
        size_t count = 0;
      } taken;
      auto thread = toro::Spawn(cpu, [&taken] { taken.count = TakeAll(64 * toro::kKiB, taken.all); });
      same = toro::Join(thread.value()) == Status::kOk && taken.count > 0 && same;
      FreeAll(taken.all);  // all of it from CPU 0
      same = ComesBackTo(cpu, before) && same;
      // Round 0 finds stacks of ended threads among the free pages, which are given back when memory runs out, but then
      // a block may not fit around them. It leaves one, the same for all that follow: they get as many, to the block.
      if (round == 1) first = taken.count;
      same = same && (round == 0 || (taken.count == first && UsedBytes(cpu) == before));
    }
  }
  Check(same, "1: each CPU can use up its own memory again and again, though CPU 0 frees it");
}

// Defect 2. There, two CPUs that freed into the same list raced, and so did the list's owner.
class Hammer {
 public:
  bool Run() {
    owner_ = LastCpu();
    auto owner = toro::Spawn(owner_, [this] { Own(); });
    return toro::Join(owner.value()) == Status::kOk && twice_ == 0 && got_ == kRounds * kObjects * toro::CpuCount();
  }

 private:
  static constexpr size_t kRounds = 30, kObjects = 100, kBytes = 96;
  static constexpr uint64_t kLive = 0x11fe11fe11fe11fe;
  using Batch = std::vector<uint64_t*>;

  // All but the calling thread: one on each CPU, that frees what it is sent.
  void Own() {
    toro::Mailbox<int> freed;
    std::vector<toro::ThreadId> rounds;
    for (size_t round = 0; round < kRounds; ++round) {
      for (size_t i = 0; i < toro::CpuCount(); ++i) {
        auto* batch = new Batch(kObjects);
        for (uint64_t*& object : *batch) object = Get();
        auto thread = toro::Spawn(CpuId{i}, [batch, &freed] {
          for (uint64_t* object : *batch) {
            object[8] = 0;
            toro::FreeBytes(object);
          }
          delete batch;
          (void)freed.Send(1);
        });
        (void)toro::Detach(thread.value());
      }
      for (size_t i = 0; i < toro::CpuCount(); ++i) got_ += static_cast<size_t>(freed.Receive()) * kObjects;
    }
  }

  // An object that nobody has.
  uint64_t* Get() {
    auto* object = static_cast<uint64_t*>(toro::AllocateBytes(kBytes));
    twice_ += object[8] == kLive ? 1 : 0;
    object[8] = kLive;
    return object;
  }

  CpuId owner_;
  size_t twice_ = 0, got_ = 0;
};

// Defect 3. There, with 3, 5, 6 or 7 CPUs, the rest of a share wrapped around.
void SharesAreWholeAndEqual() {
  const toro::MemoryDivision& division = toro::Cluster::Get().memory();
  size_t least = SIZE_MAX, most = 0;
  bool whole = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    size_t bytes = division.partitions[i].bytes;
    least = std::min(least, bytes);
    most = std::max(most, bytes);
    whole = whole && bytes % toro::kLargePageBytes == 0 && toro::Statistics(CpuId{i}).memory.total_bytes < bytes;
  }
  Check(whole && most - least <= toro::kLargePageBytes, "3: shares are whole large pages, and equal to within one");
}

// Defect 7. There, blocks were split and never joined, so a large one was not to be had after the first exhaustion.
void WhatWasSplitIsJoinedAgain() {
  bool joined = false;
  auto thread = toro::Spawn(LastCpu(), [&joined] {
    Block* all = nullptr;
    size_t count = TakeAll(40 * toro::kKiB, all);
    // Freed in another order than that of their addresses: every third first.
    for (size_t turn = 0; turn < 3; ++turn) {
      size_t number = 0;
      Block** link = &all;
      while (*link != nullptr) {
        Block* block = *link;
        if (number++ % 3 == 2 || turn == 2) {
          *link = block->next;
          toro::FreeBytes(block);
        } else {
          link = &block->next;
        }
      }
    }
    size_t large_bytes = count * 40 * toro::kKiB / 4 * 3;
    void* large = toro::AllocateBytes(large_bytes);
    joined = count > 0 && large != nullptr;
    toro::FreeBytes(large);
  });
  Check(toro::Join(thread.value()) == Status::kOk && joined,
        "7: three quarters of the memory can be had in one piece after it was used up in small ones");
}

// Defect 7 as well: there, only 8 bytes.
void ObjectsAreAligned() {
  bool aligned = true;
  for (size_t bytes = 1; bytes < 5000; bytes += 7) {
    void* object = toro::AllocateBytes(bytes);
    aligned = aligned && reinterpret_cast<uintptr_t>(object) % 16 == 0;
    toro::FreeBytes(object);
  }
  for (size_t align = 16; align <= 64 * toro::kKiB; align *= 2) {
    void* object = toro::AllocateAlignedBytes(align + 40, align);
    aligned = aligned && object != nullptr && reinterpret_cast<uintptr_t>(object) % align == 0;
    toro::FreeBytes(object);
  }
  Check(aligned, "7: objects are aligned to 16 bytes, and to whatever power of two is asked for");
}

// ---- threads ----

// Section 2.2: there, before 2011, the creator allocated what the thread needed.
void ARemoteThreadLivesInMemoryOfItsCpu() {
  struct Places {
    size_t stack = 999, heap = 999;
  } places;
  auto thread = toro::Spawn(LastCpu(), [&places] {
    void* object = toro::AllocateBytes(1);
    places = {OwnerOf(&object), OwnerOf(object)};
    toro::FreeBytes(object);
  });
  Check(toro::Join(thread.value()) == Status::kOk && places.stack == LastCpu().index() &&
            places.heap == LastCpu().index(),
        "2.2: stack and heap of a remote thread lie in the memory of its CPU");
}

// Section 2.1 (e), (f): there, threads for another CPU came in reverse order, and once twice.
void RemoteThreadsBeginOnceAndInOrder() {
  static std::vector<int>* begun = nullptr;  // of the last CPU
  toro::Call(LastCpu(), [] { begun = new std::vector<int>(); });
  constexpr int kThreads = 300;
  for (int i = 0; i < kThreads; ++i) {
    (void)toro::SpawnDetached(
        LastCpu(), [](void* number) { begun->push_back(static_cast<int>(reinterpret_cast<intptr_t>(number))); },
        reinterpret_cast<void*>(static_cast<intptr_t>(i)));
  }
  while (toro::Call(LastCpu(), [] { return begun->size(); }) < kThreads) toro::Yield();
  bool ordered = true;
  for (int i = 0; i < 10; ++i) toro::Yield();
  for (int i = 0; i < kThreads; ++i) {
    ordered = ordered && toro::Call(LastCpu(), [i] { return (*begun)[static_cast<size_t>(i)]; }) == i;
  }
  bool once = toro::Call(LastCpu(), [] { return begun->size(); }) == kThreads;
  toro::Call(LastCpu(), [] { delete begun; });
  Check(ordered && once, "2.1: threads for another CPU begin once each, in the order of their creation");
}

// Defect 9, section 2.1 (b): there, a message lay on the stack of a caller that had been woken already.
[[gnu::noinline]] uint64_t SumThere(uint64_t seed) {
  struct Large {
    uint64_t words[100];
  } large;
  for (size_t i = 0; i < 100; ++i) large.words[i] = toro::Mix(seed + i);
  uint64_t sum = toro::Call(LastCpu(), [large] {
    uint64_t all = 0;
    for (uint64_t word : large.words) all += word;
    return all;
  });
  for (size_t i = 0; i < 100; ++i) sum -= toro::Mix(seed + i);
  return sum;
}

[[gnu::noinline]] void Scribble() {
  volatile unsigned char stack[4096];
  for (size_t i = 0; i < sizeof stack; ++i) stack[i] = 0xee;
}

void ACallersStackIsItsOwnAgainWhenTheCallReturns() {
  uint64_t wrong = 0;
  std::vector<toro::ThreadId> callers;
  for (uint64_t n = 0; n < 8; ++n) {
    callers.push_back(toro::Spawn(toro::kBootCpu, [&wrong, n] {
                        for (uint64_t i = 0; i < 100; ++i) {
                          wrong |= SumThere(n * 1000 + i);
                          Scribble();
                        }
                      }).value());
  }
  for (toro::ThreadId caller : callers) (void)toro::Join(caller);
  Check(wrong == 0, "9: a caller may use its stack again as soon as the call has returned");
}

// Defect 10. There, a thread freed the stack on which it was still running.
void NoStackIsUsedAgainBeforeItsThreadHasEnded() {
  size_t damaged = 0;
  bool all = true;
  for (int round = 0; round < 10; ++round) {
    std::vector<toro::ThreadId> threads;
    for (size_t n = 0; n < 60; ++n) {
      auto thread = toro::Spawn(LastCpu(),
                                [&damaged, n] {
                                  unsigned char frame[2048];
                                  std::memset(frame, static_cast<int>(n), sizeof frame);
                                  for (size_t y = 0; y < 1 + n % 7; ++y) toro::Yield();
                                  // Short-lived neighbours come and go meanwhile.
                                  (void)toro::Join(toro::Spawn(LastCpu(), [] { Scribble(); }).value());
                                  asm volatile("" ::"r"(frame) : "memory");
                                  for (unsigned char byte : frame) damaged += byte == n ? 0 : 1;
                                },
                                {.stack_bytes = 2 * toro::kLeastStackBytes});
      all = all && thread.ok();
      if (thread.ok()) threads.push_back(thread.value());
    }
    for (toro::ThreadId thread : threads) all = toro::Join(thread) == Status::kOk && all;
  }
  Check(all && damaged == 0, "10: no stack is used again before its thread has ended");
}

// Defect 11. There, an id was a pointer, and a dead one pointed to whatever had come there since.
void AnIdOfADeadThreadNamesNobody() {
  std::vector<toro::ThreadId> dead;
  for (int i = 0; i < 50; ++i) {
    dead.push_back(toro::Spawn(LastCpu(), [] {}).value());
    (void)toro::Join(dead.back());
  }
  bool stop = false;
  auto alive = toro::Spawn(LastCpu(), [&stop] {
    while (!stop) toro::Yield();
  });
  bool nobody = true;
  for (toro::ThreadId id : dead) {
    nobody = nobody && id != alive.value() && toro::Join(id) == Status::kNoSuchThread &&
             toro::Detach(id) == Status::kNoSuchThread;
  }
  toro::Call(LastCpu(), [&stop] { stop = true; });
  Check(toro::Join(alive.value()) == Status::kOk && nobody,
        "11: the id of a dead thread names nobody, though its place is used again");
}

// Defect 12. There, CPUs had to have the APIC ids from 0 on without gaps.
void CpusAreNumberedWithoutGaps() {
  bool all = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    size_t value = toro::Call(CpuId{i}, [] { return toro::CurrentCpu().index(); });
    all = all && value == i && toro::NearestCpus(CpuId{i}).size() == toro::CpuCount() - 1;
  }
  Check(all && toro::NearestCpus(CpuId{toro::CpuCount()}).empty(), "12: CPUs are numbered from 0 without gaps");
}

// Defect 17. There, the ring of ready threads had 511 places, and what came beyond was lost.
void MoreReadyThreadsThanAnyRingHolds() {
  constexpr size_t kThreads = 600;
  size_t ended = 0, together = 0, most = 0;
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    auto thread = toro::Spawn(LastCpu(),
                              [&] {
                                most = std::max(most, ++together);
                                while (most < kThreads) toro::Yield();
                                --together;
                                ++ended;
                              },
                              {.stack_bytes = toro::kLeastStackBytes});
    if (thread.ok()) threads.push_back(thread.value());
    // All or none: those that began would wait for ever.
    if (!thread.ok()) most = kThreads;
  }
  bool all = threads.size() == kThreads;
  for (toro::ThreadId thread : threads) all = toro::Join(thread) == Status::kOk && all;
  Check(all && ended == kThreads, "17: 600 threads are ready at the same time on one CPU, and all end");
}

// Issue 437: there, the scheduler looked for the next thread behind the one that had gone.
void ACpuWhoseLastThreadHasEndedServesOn() {
  bool all = true;
  for (int i = 0; i < 20; ++i) {
    auto thread = toro::Spawn(LastCpu(), [] {});
    all = toro::Join(thread.value()) == Status::kOk && toro::Call(LastCpu(), [] { return 7; }) == 7 && all;
  }
  Check(all, "#437: a CPU whose last thread has ended serves on");
}

}  // namespace

void RunDefects() {
  PartitionsDoNotDrift();
  Check(Hammer().Run(), "2: all CPUs free into one that allocates, and no object is given out twice");
  SharesAreWholeAndEqual();
  WhatWasSplitIsJoinedAgain();
  ObjectsAreAligned();
  ARemoteThreadLivesInMemoryOfItsCpu();
  RemoteThreadsBeginOnceAndInOrder();
  ACallersStackIsItsOwnAgainWhenTheCallReturns();
  NoStackIsUsedAgainBeforeItsThreadHasEnded();
  AnIdOfADeadThreadNamesNobody();
  CpusAreNumberedWithoutGaps();
  MoreReadyThreadsThanAnyRingHolds();
  ACpuWhoseLastThreadHasEndedServesOn();
}
