// The kernel's contract where something is scarce: a CPU that is never idle, a channel that is full, a stack that is
// small, a partition that is used up.
#include <atomic>
#include <vector>

#include "core/kernel/allocation.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

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
  size_t before = toro::Statistics(toro::kBootCpu).memory.used_bytes;
  auto* all = new std::vector<void*>(kObjects);
  for (void*& object : *all) object = toro::AllocateBytes(64);
  toro::Call(LastCpu(), [&objects, all] { objects = all; });
  // This CPU takes nothing meanwhile, so the channel fills up. Bounded: the CPUs may share one core.
  for (int i = 0; i < 3'000'000 && !freed.load(std::memory_order_acquire); ++i) toro::Machine::Relax();
  bool joined = toro::Join(frees.value()) == Status::kOk;
  for (int i = 0; i < 10'000 && toro::Statistics(toro::kBootCpu).memory.used_bytes > before; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(joined && toro::Statistics(toro::kBootCpu).memory.used_bytes <= before,
        "foreign frees go home from a CPU that is never idle");
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

// ---- numbers at their ends ----

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
  AnIdThatDoesNotFitNamesNoCpu();
  TheLongestSleepDoesNotWrapAround();
  return contract::End();
}
