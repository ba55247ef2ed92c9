// Threads that wait and end while their CPU has no memory left. Two CPUs, which the test steps; a thread of one may
// step the other, so that what comes from there comes at exactly that moment.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <utility>
#include <vector>

#include "core/kernel/allocation.h"
#include "core/kernel/future.h"
#include "core/kernel/thread_arena.h"
#include "core/kernel/toro.h"

namespace toro {
namespace {

constexpr CpuId kNear{0};
constexpr CpuId kFar{1};

// single_step: whether each thread that switches goes back to the loop.
class ScarceThreadsTest : public ::testing::TestWithParam<bool> {
 public:
  ScarceThreadsTest() {
    constexpr size_t kBytes = 2 * 32 * kMiB;
    void* memory = mmap(nullptr, kBytes + kLargePageBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MemoryRange range{AlignUp(reinterpret_cast<uintptr_t>(memory), kLargePageBytes), kBytes};
    ClusterConfig config;
    config.cpus = 2;
    config.memory = {&range, 1};
    config.single_step = GetParam();
    taken = nullptr;
    cluster_ = &Cluster::Create(config);
    Enter(kNear);
    for (size_t i = 0; i < 2000; ++i) objects_.push_back(AllocateBytes(64));
  }

  Cpu& Enter(CpuId cpu) { return cluster_->Enter(cpu); }

  // Of a thread of `from`: steps the other CPU, and is back.
  void StepFrom(CpuId from, CpuId other) {
    Enter(other).Step();
    Enter(from);
  }

  void StepBoth(int rounds = 100) {
    for (int i = 0; i < rounds; ++i) {
      Enter(kFar).Step();
      Enter(kNear).Step();
    }
  }

  template <typename Function>
  ThreadId SpawnOn(CpuId cpu, Function function, const ThreadOptions& options = {}) {
    Enter(cpu);
    return Spawn(cpu, function, options).value();
  }

  // On the far CPU: frees objects of the near one until no line to it has room.
  void FillChannelHome() {
    while (Enter(kFar).return_path().counters().waiting == 0) FreeOne();
  }
  void FreeOne() {
    FreeBytes(objects_.back());
    objects_.pop_back();
  }

  // Takes all memory of the CPU that executes this, and gives it back. Nothing else runs meanwhile.
  static void LoseMemory() {
    Partition::NoReclaim alone(Cpu::Current().partition());
    for (size_t bytes = kMiB; bytes > kLargestSmallBytes; bytes /= 2) TakeAll(bytes);
    for (size_t c = kSizeClasses; c-- > 0;) TakeAll(SizeClassBytes(c));
  }
  static void FindMemory() {
    while (taken != nullptr) FreeBytes(std::exchange(taken, taken->next));
  }

  Cluster* cluster_;
  struct Taken {
    Taken* next;
  };
  static inline Taken* taken = nullptr;
  static void TakeAll(size_t bytes) {
    while (void* object = AllocateBytes(bytes)) taken = new (object) Taken{taken};
  }
  std::vector<void*> objects_;
};

INSTANTIATE_TEST_SUITE_P(World, ScarceThreadsTest, ::testing::Bool());

// Scheduler::End. To find memory for the answer to the joiner messages are taken: one starts a thread, the next one
// brings the memory. The stack of the thread that ends is not to be had before it has left it.
TEST_P(ScarceThreadsTest, NoThreadBeginsOnTheStackOfOneThatEnds) {
  uint64_t created_before = 0, created_meanwhile = 0;
  bool started = false;
  // A queue of starts that has room, so that only the stack is lacking.
  SpawnOn(kFar, [] {
    (void)SpawnDetached(
        kFar, [](void*) {}, nullptr);
  });
  StepBoth();
  auto ends = SpawnOn(kFar, [&] {
    StepFrom(kFar, kNear);
    FillChannelHome();
    Scheduler& here = Scheduler::Current();
    here.ReleasePool();
    created_before = here.counters().created;
    LoseMemory();
  });
  Status joined = Status::kTimedOut;
  SpawnOn(kNear, [&] { joined = Join(ends); });
  Enter(kNear).Step();
  SpawnOn(kNear, [&] {
    (void)SpawnDetached(
        kFar, [](void* flag) { *static_cast<bool*>(flag) = true; }, &started);
    auto found = CallAsync(kFar, [&created_meanwhile] {
      created_meanwhile = Scheduler::Current().counters().created;
      FindMemory();
    });
    (void)found.Get();
  });
  StepBoth();
  EXPECT_EQ(joined, Status::kOk);
  EXPECT_TRUE(started);
  EXPECT_NE(created_before, 0u);
  EXPECT_EQ(created_meanwhile, created_before);
}

// Scheduler::Exit. The arena's chunk belongs to the other CPU, which takes nothing; there is no room to remember it.
TEST_P(ScarceThreadsTest, AThreadWaitsForRoomToGiveItsArenaBack) {
  int others = 0;
  bool stop = false;
  auto ends = SpawnOn(kFar, [&] {
    ASSERT_EQ(Migrate(kNear), Status::kOk);
    ASSERT_NE(ThreadArena().Allocate(100), nullptr);
    ASSERT_EQ(Migrate(kFar), Status::kOk);
    LoseMemory();
    while (Cpu::Current().return_path().counters().waiting < 9 * 62) FreeOne();
  });
  auto other = SpawnOn(kFar, [&] {
    for (; !stop; Yield()) ++others;
  });
  while (Enter(kFar).return_path().counters().waiting == 0) {
    Enter(kNear).Step();
    Enter(kFar).Step();
  }
  const int before = others;
  for (int i = 0; i < 5; ++i) Enter(kFar).Step();
  EXPECT_GT(others, before) << "the other threads of the CPU run while it waits";
  EXPECT_EQ(Enter(kFar).scheduler().counters().ended, 0u);
  FindMemory();
  stop = true;
  Status joined = Status::kTimedOut;
  SpawnOn(kNear, [&] {
    joined = Join(ends);
    (void)Join(other);
  });
  StepBoth();
  EXPECT_EQ(joined, Status::kOk);
  EXPECT_EQ(Enter(kNear).return_path().counters().returned + objects_.size(), 2000u + 1);
}

// Scheduler::Wait of a start, which from then on is a thread of its own: to find memory for the next runner messages
// are taken, and the first of them is what it waits for.
TEST_P(ScarceThreadsTest, AStartIsWokenWhileTheNextOneLacksMemory) {
  static ScarceThreadsTest* test;
  static int answer, others;
  test = this;
  answer = others = 0;
  SpawnOn(kFar, [] {
    (void)SpawnDetached(
        kFar,
        [](void*) {
          auto future = CallAsync(kNear, [] { return 42; });
          test->StepFrom(kFar, kNear);
          Scheduler::Current().ReleasePool();
          LoseMemory();
          answer = future.Get().value();
        },
        nullptr);
    for (int i = 0; i < 3; ++i)
      (void)SpawnDetached(
          kFar, [](void*) { ++others; }, nullptr);
  });
  for (int i = 0; i < 10; ++i) Enter(kFar).Step();
  EXPECT_EQ(answer, 42);
  Enter(kFar);
  FindMemory();
  StepBoth();
  EXPECT_EQ(others, 3);
}

// A stack that is not pooled goes back before any thread runs again: also that of a thread that ended elsewhere.
TEST_P(ScarceThreadsTest, AStackOfAThreadThatEndedElsewhereServesTheNextThread) {
  constexpr size_t kLarge = 20 * kMiB;
  Status first = Status::kTimedOut, second = Status::kTimedOut;
  SpawnOn(kNear, [&] {
    for (Status* status : {&first, &second}) {
      auto thread = Spawn(kNear, [] { (void)Migrate(kFar); }, {.stack_bytes = kLarge});
      *status = thread.ok() ? Join(thread.value()) : thread.status();
    }
  });
  StepBoth();
  EXPECT_EQ(first, Status::kOk);
  EXPECT_EQ(second, Status::kOk);
}

}  // namespace
}  // namespace toro
