#include <gtest/gtest.h>

#include <set>

#include "platform/simulator/event_queue.h"
#include "platform/simulator/fault_plan.h"
#include "platform/simulator/step_order.h"
#include "platform/simulator/store_buffers.h"

namespace toro::simulator {
namespace {

constexpr CpuId kZero{0}, kOne{1}, kTwo{2};

// ---- store buffers ----

class StoreBuffersTest : public testing::Test {
 protected:
  StoreBuffersTest() { woken = 0; }

  // Lets time pass until `done`, at most as long as stores may take.
  template <typename Done>
  void PassUntil(Done done) {
    for (int i = 0; i < (1 << 20) && !done(); ++i) buffers_.Step(kOne);
  }

  static inline int woken = 0;
  static void Wake(CpuId) { ++woken; }

  StoreBuffers& buffers_ = store_buffers;
  uint64_t a_ = 0;
  uint64_t b_ = 0;
};

TEST_F(StoreBuffersTest, ACpuSeesItsStoreBeforeTheOthers) {
  bool unseen = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    buffers_.Begin(seed, 10, &Wake);
    a_ = 0;
    buffers_.Step(kZero);
    buffers_.Store(&a_, uint64_t{7});
    EXPECT_EQ(buffers_.Load(&a_), 7u);
    buffers_.Step(kOne);
    unseen = unseen || buffers_.Load(&a_) == 0;
    PassUntil([this] { return a_ == 7; });
    EXPECT_EQ(buffers_.Load(&a_), 7u);
  }
  EXPECT_TRUE(unseen);
}

TEST_F(StoreBuffersTest, StoresBecomeVisibleInOrder) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    buffers_.Begin(seed, 10, &Wake);
    a_ = b_ = 0;
    buffers_.Step(kZero);
    buffers_.Store(&a_, uint64_t{1});
    buffers_.Store(&b_, uint64_t{1});
    PassUntil([this] {
      EXPECT_GE(a_, b_);
      return b_ == 1;
    });
    EXPECT_EQ(a_, 1u);
  }
}

TEST_F(StoreBuffersTest, AFenceMakesAllVisible) {
  buffers_.Begin(1, 16, &Wake);
  buffers_.Step(kZero);
  buffers_.Store(&a_, uint64_t{1});
  buffers_.Store(&b_, uint64_t{2});
  buffers_.Drain();
  EXPECT_EQ(a_, 1u);
  EXPECT_EQ(b_, 2u);
  EXPECT_EQ(buffers_.next_due(), StoreBuffers::kNoTick);
}

TEST_F(StoreBuffersTest, AWakeUpIsBehindTheStoresBeforeIt) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    woken = 0;
    buffers_.Begin(seed, 10, &Wake);
    a_ = 0;
    buffers_.Step(kZero);
    buffers_.Store(&a_, uint64_t{1});
    buffers_.Wake(kOne);
    PassUntil([this] {
      EXPECT_TRUE(woken == 0 || a_ == 1);
      return woken == 1;
    });
    EXPECT_EQ(woken, 1);
  }
}

TEST_F(StoreBuffersTest, BytesOfAWordThatIsReadTogetherAreForwarded) {
  buffers_.Begin(3, 16, &Wake);
  buffers_.Step(kZero);
  buffers_.Store(reinterpret_cast<uint8_t*>(&a_) + 2, uint8_t{9});
  EXPECT_EQ(buffers_.Load(&a_), 0x90000u);
  buffers_.Drain();
  EXPECT_EQ(a_, 0x90000u);
}

TEST_F(StoreBuffersTest, AFullBufferLetsTheFirstStoreGo) {
  uint64_t words[StoreBuffers::kMostStores + 8] = {};
  buffers_.Begin(5, 16, &Wake);
  buffers_.Step(kZero);
  for (uint64_t& word : words) buffers_.Store(&word, uint64_t{1});
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(words[i], 1u);
  buffers_.Drain();
}

// ---- order ----

CpuSet AllOf(size_t cpus) {
  CpuSet set;
  for (size_t i = 0; i < cpus; ++i) set.Add(CpuId{i});
  return set;
}

TEST(StepOrderTest, EveryCpuStepsInEveryOrder) {
  for (OrderKind kind : {OrderKind::kUniform, OrderKind::kPriority}) {
    StepOrder order(kind, 256, 1, 4096);
    std::set<size_t> seen;
    for (int i = 0; i < 300'000; ++i) {
      CpuId cpu = order.Pick(AllOf(256));
      ASSERT_LT(cpu.index(), 256u);
      seen.insert(cpu.index());
      order.Stepped(cpu, true);
    }
    EXPECT_EQ(seen.size(), 256u);
  }
}

TEST(StepOrderTest, ByPriorityOneCpuStepsUntilAChange) {
  StepOrder order(OrderKind::kPriority, 4, 1, 1000);
  CpuId first = order.Pick(AllOf(4));
  order.Stepped(first, true);
  EXPECT_EQ(order.Pick(AllOf(4)), first);
  order.Stepped(first, false);  // it had nothing to do
  EXPECT_NE(order.Pick(AllOf(4)), first);
}

TEST(StepOrderTest, OnlyThoseThatCanStepDo) {
  CpuSet able;
  able.Add(kTwo);
  for (OrderKind kind : {OrderKind::kUniform, OrderKind::kPriority})
    EXPECT_EQ(StepOrder(kind, 4, 9, 8).Pick(able), kTwo);
}

// ---- events ----

TEST(EventQueueTest, EventsHappenInTheOrderOfTheirTicks) {
  EventQueue queue;
  EXPECT_EQ(queue.next(), EventQueue::kNoTick);
  queue.Add(5, Event::Kind::kWakeUp, kZero);
  queue.Add(3, Event::Kind::kEndOfStall, kOne);
  queue.Add(5, Event::Kind::kWakeUp, kTwo);
  EXPECT_EQ(queue.next(), 3u);
  EXPECT_EQ(queue.Take().cpu, kOne);
  EXPECT_EQ(queue.Take().cpu, kZero);
  EXPECT_EQ(queue.Take().cpu, kTwo);
  EXPECT_EQ(queue.next(), EventQueue::kNoTick);
}

// ---- faults ----

TEST(FaultPlanTest, ExactTimesHappenExactly) {
  FaultPlan plan;
  ASSERT_EQ(plan.Parse("stall@3,stall@1,stall@3,late-ipi@2"), "");
  plan.Begin(1);
  for (int time = 1; time <= 10; ++time) EXPECT_EQ(plan.Fires(Fault::kStall), time == 1 || time == 3) << time;
  EXPECT_EQ(plan.fired(Fault::kStall), 2u);
  EXPECT_EQ(plan.times(Fault::kStall), 10u);
  EXPECT_FALSE(plan.Fires(Fault::kLateIpi));
  EXPECT_TRUE(plan.Fires(Fault::kLateIpi));
  EXPECT_FALSE(plan.Fires(Fault::kClockJump));
}

TEST(FaultPlanTest, ARateIsKeptOnAverage) {
  FaultPlan plan;
  ASSERT_EQ(plan.Parse("full-slot=10"), "");
  plan.Begin(42);
  for (int i = 0; i < 100'000; ++i) (void)plan.Fires(Fault::kSlotFull);
  EXPECT_GT(plan.fired(Fault::kSlotFull), 9'500u);
  EXPECT_LT(plan.fired(Fault::kSlotFull), 10'500u);
}

// I1.
TEST(FaultPlanTest, OneClassDoesNotDependOnAnother) {
  FaultPlan alone, together;
  ASSERT_EQ(alone.Parse("stall=5"), "");
  ASSERT_EQ(together.Parse("stall=5,clock-jump=3"), "");
  alone.Begin(7);
  together.Begin(7);
  for (int i = 0; i < 1000; ++i) {
    (void)together.Fires(Fault::kClockJump);
    ASSERT_EQ(alone.Fires(Fault::kStall), together.Fires(Fault::kStall));
  }
}

TEST(FaultPlanTest, SwarmsDifferBySeedAndReachEveryClass) {
  std::set<size_t> seen;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    FaultPlan plan;
    ASSERT_EQ(plan.Parse("swarm"), "");
    plan.Begin(seed);
    for (size_t i = 0; i < kFaults; ++i) {
      for (int time = 0; time < 100'000; ++time) (void)plan.Fires(static_cast<Fault>(i));
      if (plan.fired(static_cast<Fault>(i)) > 0) seen.insert(i);
    }
  }
  EXPECT_EQ(seen.size(), kSurvivableFaults);
}

}  // namespace
}  // namespace toro::simulator
