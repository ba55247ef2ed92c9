// The kernel's contract where something is scarce: a CPU that is never idle, a channel that is full, a stack that is
// small, a partition that is used up.
#include <atomic>
#include <cstring>
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

// What one CPU may have under way to one other.
constexpr size_t kObjectsPerChannel = toro::kChannelLines * toro::kChannelWords;

// ---- a CPU that is never idle ----

// Its threads go from one to the other by ending and joining; none yields.
void ACpuWhoseThreadsOnlyBlockHearsCalls() {
  bool stop = false;
  auto busy = toro::Spawn(LastCpu(), [&stop] {
    while (!stop) (void)toro::Join(toro::Spawn(LastCpu(), [] {}).value());
  });
  toro::Call(LastCpu(), [&stop] { stop = true; });
  Check(toro::Join(busy.value()) == Status::kOk, "a CPU whose threads only block and end hears calls");
}

void AMessageHandlerHasMoreStackThanASmallThread() {
  bool stop = false;
  auto small = toro::Spawn(LastCpu(),
                           [&stop] {
                             while (!stop) toro::Yield();
                           },
                           {.stack_bytes = toro::kLeastStackBytes});
  int sum = toro::Call(LastCpu(), [] {
    volatile char deep[toro::kLeastStackBytes];
    for (size_t i = 0; i < sizeof deep; i += 64) deep[i] = 1;
    return deep[0] + deep[sizeof deep - 64];
  });
  toro::Call(LastCpu(), [&stop] { stop = true; });
  Check(toro::Join(small.value()) == Status::kOk && sum == 2, "a handler does not run on the stack of a small thread");
}

// Whatever the thread's number, and so the place where its stack begins.
void TheSmallestStackIsThereToBeUsed() {
  int sum = 0;
  for (int i = 0; i < 40; ++i) {
    auto thread = toro::Spawn(LastCpu(),
                              [&sum] {
                                volatile char deep[toro::kLeastStackBytes * 5 / 8];
                                for (size_t at = 0; at < sizeof deep; at += 64) deep[at] = 1;
                                sum += deep[0] + deep[sizeof deep - 64] - 1;
                              },
                              {.stack_bytes = toro::kLeastStackBytes});
    (void)toro::Join(thread.value());
  }
  Check(sum == 40, "a thread can use five eighths of the smallest stack");
}

void ForeignFreesGoHomeFromACpuThatIsNeverIdle() {
  constexpr size_t kObjects = 10 * kObjectsPerChannel;
  bool stop = false;
  std::vector<void*>* objects = nullptr;
  std::atomic<bool> freed{false};
  auto busy = toro::Spawn(LastCpu(), [&stop] {
    while (!stop) toro::Yield();
  });
  auto frees = toro::Spawn(LastCpu(), [&objects, &freed] {
    while (objects == nullptr) toro::Yield();
    for (void* object : *objects) toro::FreeBytes(object);
    delete objects;
    freed.store(true, std::memory_order_release);
  });
  size_t before = contract::UsedBytes(toro::kBootCpu);
  auto* all = new std::vector<void*>(kObjects);
  for (void*& object : *all) object = toro::AllocateBytes(64);
  toro::Call(LastCpu(), [&objects, all] { objects = all; });
  // This CPU takes nothing meanwhile, so the channel fills up. Bounded: the CPUs may share one core.
  for (int i = 0; i < 3'000'000 && !freed.load(std::memory_order_acquire); ++i) toro::Machine::Relax();
  bool joined = toro::Join(frees.value()) == Status::kOk;
  for (int i = 0; i < 10'000 && contract::UsedBytes(toro::kBootCpu) > before; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(joined && contract::UsedBytes(toro::kBootCpu) <= before, "foreign frees go home from a CPU that is never idle");
  toro::Call(LastCpu(), [&stop] { stop = true; });
  (void)toro::Join(busy.value());
}

// ---- channels that are full ----

// Fills the channel to the last CPU with its own objects. When all CPUs share a core, nothing is taken before this
// thread yields or waits.
void FillChannel() {
  std::vector<void*> objects(kObjectsPerChannel);
  toro::Call(LastCpu(), [&objects] {
    for (void*& object : objects) object = toro::AllocateBytes(32);
  });
  for (void* object : objects) toro::FreeBytes(object);
}

void EverythingHasAWayAroundAFullChannel() {
  bool all = true;
  for (int round = 0; round < 3; ++round) {
    auto joined = toro::Spawn(LastCpu(), [] {});
    FillChannel();
    all = all && toro::Call(LastCpu(), [] { return toro::CurrentCpu(); }) == LastCpu();
    FillChannel();
    all = all && toro::Join(joined.value()) == Status::kOk;
    FillChannel();
    auto spawned = toro::Spawn(LastCpu(), [] {});
    FillChannel();
    all = all && spawned.ok() && toro::Migrate(LastCpu()) == Status::kOk && toro::CurrentCpu() == LastCpu();
    all = all && toro::Join(spawned.value()) == Status::kOk && toro::Migrate(toro::kBootCpu) == Status::kOk;
    bool started = false;
    FillChannel();
    (void)toro::SpawnDetached(
        LastCpu(), [](void* flag) { *static_cast<bool*>(flag) = true; }, &started);
    while (!toro::Call(LastCpu(), [&started] { return started; })) toro::Yield();
  }
  Check(all, "everything has a way around a full channel");
}

void AReplyHasAWayAroundAFullChannel() {
  bool all = true;
  for (int round = 0; round < 5; ++round) {
    std::vector<void*> objects(2 * kObjectsPerChannel);
    for (void*& object : objects) object = toro::AllocateBytes(48);
    size_t freed = toro::Call(LastCpu(), [&objects] {
      for (void* object : objects) toro::FreeBytes(object);
      return objects.size();
    });
    all = all && freed == objects.size();
  }
  Check(all, "a reply has a way around a full channel");
}

struct Tally {
  toro::Mailbox<int>* done;
};

void SendOne(void* tally) { (void)static_cast<Tally*>(tally)->done->Send(1); }

// Every CPU floods the next one with all there is, at the same time.
void AFloodInEveryDirectionLosesNothing() {
  constexpr int kStarts = 400;
  std::vector<toro::ThreadId> floods;
  std::vector<int> right(toro::CpuCount() * 16);  // a line of its own for each CPU
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    CpuId next{(i + 1) % toro::CpuCount()};
    auto flood = toro::Spawn(CpuId{i}, [next, i, &right] {
      toro::Mailbox<int> done;
      Tally tally{&done};
      int good = 0;
      for (int n = 0; n < kStarts; ++n) {
        good += toro::SpawnDetached(next, &SendOne, &tally) == Status::kOk;
        if (n % 16 == 0) {
          void* object = toro::AllocateBytes(100);
          auto child = toro::Spawn(next, [object, back = toro::CurrentCpu()] {
            toro::FreeBytes(object);
            (void)toro::Migrate(back);
          });
          good += toro::Call(next, [] { return 1; });
          good += toro::Join(child.value()) == Status::kOk;
        }
        // Never more than 50 at a time: each may have a stack in the partition of its CPU.
        if (n % 50 == 49) {
          for (int k = 0; k < 50; ++k) good += done.Receive();
        }
      }
      right[i * 16] = good;
    });
    floods.push_back(flood.value());
  }
  bool all = true;
  for (toro::ThreadId flood : floods) all = all && toro::Join(flood) == Status::kOk;
  for (size_t i = 0; i < toro::CpuCount(); ++i) all = all && right[i * 16] == 2 * kStarts + 2 * kStarts / 16;
  Check(all, "a flood in every direction loses nothing");
}

// ---- a partition that is used up ----

// Uses up the memory for stacks of this CPU, all but one, while it lives.
class AlmostNoStacks {
 public:
  AlmostNoStacks() {
    while (void* block = toro::AllocateBytes(toro::kMiB)) blocks_.push_back(block);
    for (;;) {
      auto thread = toro::Spawn(toro::CurrentCpu(), [this, first = threads_.empty()] {
        while (!(first ? first_stop_ : stop_)) toro::Yield();
      });
      if (!thread.ok()) break;
      threads_.push_back(thread.value());
    }
    first_stop_ = true;
    (void)toro::Join(threads_[0]);
  }
  ~AlmostNoStacks() {
    stop_ = true;
    for (size_t i = 1; i < threads_.size(); ++i) (void)toro::Join(threads_[i]);
    for (void* block : blocks_) toro::FreeBytes(block);
  }

 private:
  std::vector<void*> blocks_;
  std::vector<toro::ThreadId> threads_;
  bool first_stop_ = false;
  bool stop_ = false;
};

void ADetachedThreadMayWaitWhenNoStackIsLeft() {
  auto thread = toro::Spawn(LastCpu(), [] {
    struct Both {
      toro::Mailbox<int> mailbox;
      int ended = 0;
    } both;
    AlmostNoStacks scarce;
    (void)toro::SpawnDetached(
        LastCpu(),
        [](void* argument) {
          auto& b = *static_cast<Both*>(argument);
          if (b.mailbox.Send(1) == Status::kOk) b.ended += b.mailbox.Receive();
        },
        &both);
    (void)toro::SpawnDetached(
        LastCpu(), [](void* argument) { ++static_cast<Both*>(argument)->ended; }, &both);
    while (both.ended < 2) toro::Yield();
  });
  Check(toro::Join(thread.value()) == Status::kOk, "a detached thread may wait when no stack is left for the next");
}

// Objects of one size until the partition of this CPU has no more; they are chained through their first words.
class AllOfSize {
 public:
  explicit AllOfSize(size_t bytes) {
    while (void* object = toro::AllocateBytes(bytes)) {
      first_ = new (object) Object{first_};
      ++count_;
    }
  }
  ~AllOfSize() {
    while (first_ != nullptr) FreeOne();
  }
  void FreeOne() {
    Object* object = first_;
    first_ = object->next;
    toro::FreeBytes(object);
  }
  size_t count() const { return count_; }

 private:
  struct Object {
    Object* next;
  };
  Object* first_ = nullptr;
  size_t count_ = 0;
};

constexpr size_t kBlockBytes = 64 * toro::kKiB;
size_t BlocksOnThisCpu() { return AllOfSize(kBlockBytes).count(); }

// Runs function() in a thread of the last CPU and returns its verdict.
template <typename Function>
bool HoldsOnLastCpu(Function function) {
  bool holds = false;
  auto thread = toro::Spawn(LastCpu(), [&holds, function] { holds = function(); });
  return toro::Join(thread.value()) == Status::kOk && holds;
}

void StacksOfEndedThreadsServeOtherAllocations() {
  Check(HoldsOnLastCpu([] {
          size_t before = BlocksOnThisCpu();
          bool stop = false;
          std::vector<toro::ThreadId> threads;
          for (int i = 0; i < 60; ++i) {
            auto thread = toro::Spawn(toro::CurrentCpu(), [&stop] {
              while (!stop) toro::Yield();
            });
            if (thread.ok()) threads.push_back(thread.value());
          }
          stop = true;
          for (toro::ThreadId thread : threads) (void)toro::Join(thread);
          // Sixty stacks are 56 blocks.
          return threads.size() > 20 && BlocksOnThisCpu() + 10 > before;
        }),
        "the stacks of ended threads serve other allocations");
}

void EmptySlabsServeOtherAllocations() {
  Check(HoldsOnLastCpu([] {
          size_t before = BlocksOnThisCpu();
          size_t small = 0;
          for (size_t bytes : {900, 3000}) small += AllOfSize(bytes).count() * bytes;
          return small > before * kBlockBytes && BlocksOnThisCpu() + 2 > before;
        }),
        "memory of small objects serves objects of other sizes when they are free");
}

struct Hook {
  AllOfSize* held;
  bool frees = false;
  bool again = false;
  int calls = 0;
  size_t bytes = 0;
  bool nested = false;

  static bool Run(void* context, size_t bytes) {
    Hook& hook = *static_cast<Hook*>(context);
    ++hook.calls;
    hook.bytes = bytes;
    hook.nested |= toro::AllocateBytes(bytes) != nullptr;
    if (hook.frees) hook.held->FreeOne();
    return hook.again;
  }
};

void TheOutOfMemoryHookIsAskedOncePerFailingAllocation() {
  Check(HoldsOnLastCpu([] {
          AllOfSize all(kBlockBytes);
          Hook hook{&all};
          toro::SetOutOfMemoryHook(&Hook::Run, &hook);
          bool refuses = toro::AllocateBytes(kBlockBytes) == nullptr && hook.calls == 1 && hook.bytes == kBlockBytes;
          hook.again = true;
          bool in_vain = toro::AllocateBytes(kBlockBytes) == nullptr && hook.calls == 2;
          hook.frees = true;
          void* object = toro::AllocateBytes(kBlockBytes);
          bool helps = object != nullptr && hook.calls == 3 && !hook.nested;
          toro::FreeBytes(object);
          toro::SetOutOfMemoryHook(nullptr, nullptr);
          return refuses && in_vain && helps;
        }),
        "the out-of-memory hook is asked once per failing allocation");
}

bool IsOwnedBy(CpuId cpu, const void* object) { return toro::Cpu::Current().owners().OwnerOf(object) == cpu.index(); }

void ACpuThatRanDryBorrows() {
  Check(HoldsOnLastCpu([] {
          AllOfSize all(kBlockBytes);
          auto large = toro::BorrowMemory(toro::kBootCpu, kBlockBytes);
          if (toro::CpuCount() == 1) return large.status() == Status::kOutOfMemory;
          if (!large.ok() || !IsOwnedBy(toro::kBootCpu, large.value())) return false;
          std::memset(large.value(), 1, kBlockBytes);
          toro::FreeBytes(large.value());
          return toro::BorrowMemory(CpuId{toro::CpuCount()}, 1).status() == Status::kNoSuchCpu &&
                 toro::BorrowMemory(toro::kBootCpu, ~size_t{0}).status() == Status::kOutOfMemory;
        }),
        "a CPU that ran dry borrows from another");
}

uint64_t LiveEverywhere(size_t size_class) {
  uint64_t live = 0;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    live += toro::ClassStatistics(CpuId{i}, size_class).value().live;
  }
  return live;
}

// All at once, each from the next; a third frees what was lent, and all goes home.
void AllCpusLendAndBorrowAtOnce() {
  constexpr size_t kBytes = 5000;
  constexpr int kLoans = 50;
  const size_t size_class = toro::SizeClassOf(kBytes);
  uint64_t before = LiveEverywhere(size_class);
  std::vector<toro::ThreadId> threads;
  std::vector<int> right(toro::CpuCount() * 16);  // a line of its own for each CPU
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    auto thread = toro::Spawn(CpuId{i}, [i, &right] {
      CpuId lender{(i + 1) % toro::CpuCount()};
      CpuId third{(i + 2) % toro::CpuCount()};
      for (int n = 0; n < kLoans; ++n) {
        auto loan = toro::BorrowMemory(lender, kBytes);
        if (!loan.ok() || !IsOwnedBy(lender, loan.value()) || toro::UsableBytes(loan.value()) < kBytes) return;
        std::memset(loan.value(), static_cast<int>(i), kBytes);
        toro::Call(third, [object = loan.value()] { toro::FreeBytes(object); });
        ++right[i * 16];
      }
    });
    threads.push_back(thread.value());
  }
  bool all = true;
  for (toro::ThreadId thread : threads) all = all && toro::Join(thread) == Status::kOk;
  for (size_t i = 0; i < toro::CpuCount(); ++i) all = all && right[i * 16] == kLoans;
  for (int i = 0; i < 10'000 && LiveEverywhere(size_class) != before; ++i) toro::Yield();
  Check(all && LiveEverywhere(size_class) == before, "all CPUs lend and borrow at once, and all comes home");
}

// ---- numbers at their ends ----

void AbsurdSizesGiveNull() {
  bool all = true;
  for (size_t bytes : {~size_t{0}, ~size_t{0} - 4096, size_t{1} << 63, (size_t{1} << 63) - 1}) {
    all = all && toro::AllocateBytes(bytes) == nullptr;
    for (size_t align = 1; align != 0; align *= 2) all = all && toro::AllocateAlignedBytes(bytes, align) == nullptr;
  }
  Check(all && toro::AllocateAlignedBytes(1, size_t{1} << 63) == nullptr, "absurd sizes and alignments give null");
}

void AnIdThatDoesNotFitNamesNoCpu() {
  Check(toro::Spawn(CpuId{65536}, [] {}).status() == Status::kNoSuchCpu, "CPU 65536 is not CPU 0");
}

void TheLongestSleepDoesNotWrapAround() {
  bool woke = false;
  auto sleeper = toro::Spawn(toro::kBootCpu, [&woke] {
    toro::SleepFor(toro::kNever - 1);
    woke = true;
  });
  toro::SleepFor(toro::kNsPerMs);
  Check(sleeper.ok() && !woke, "the longest sleep does not wrap around");
}

}  // namespace

int main() {
  ACpuWhoseThreadsOnlyBlockHearsCalls();
  AMessageHandlerHasMoreStackThanASmallThread();
  TheSmallestStackIsThereToBeUsed();
  ForeignFreesGoHomeFromACpuThatIsNeverIdle();
  EverythingHasAWayAroundAFullChannel();
  AReplyHasAWayAroundAFullChannel();
  AFloodInEveryDirectionLosesNothing();
  ADetachedThreadMayWaitWhenNoStackIsLeft();
  StacksOfEndedThreadsServeOtherAllocations();
  EmptySlabsServeOtherAllocations();
  TheOutOfMemoryHookIsAskedOncePerFailingAllocation();
  ACpuThatRanDryBorrows();
  AllCpusLendAndBorrowAtOnce();
  AbsurdSizesGiveNull();
  AnIdThatDoesNotFitNamesNoCpu();
  TheLongestSleepDoesNotWrapAround();
  return contract::End();
}
