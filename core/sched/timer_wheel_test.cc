#include "core/sched/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace toro {
namespace {

constexpr uint64_t kTickNs = uint64_t{1} << TimerWheel::kTickShift;

struct TestTimer : Timer {
  uint64_t deadline_ns = 0;
  uint64_t fired_ns = 0;
  int fired = 0;
};

uint64_t now_ns;

void Record(Timer& timer) {
  auto& test = static_cast<TestTimer&>(timer);
  test.fired_ns = now_ns;
  ++test.fired;
}

TEST(TimerWheelTest, FiresAtTheDeadlineAndNotBefore) {
  auto wheel = std::make_unique<TimerWheel>(0);
  TestTimer timer;
  timer.fire = &Record;
  wheel->Start(timer, 10 * kTickNs + 1);
  now_ns = 10 * kTickNs + 1;
  EXPECT_FALSE(wheel->Advance(now_ns));
  now_ns = 11 * kTickNs;
  EXPECT_TRUE(wheel->Advance(now_ns));
  EXPECT_EQ(timer.fired, 1);
  EXPECT_EQ(wheel->pending(), 0u);
  EXPECT_EQ(wheel->NextNs(), kNever);
}

TEST(TimerWheelTest, ADeadlineInThePastFiresAtTheNextTick) {
  auto wheel = std::make_unique<TimerWheel>(100 * kTickNs);
  TestTimer timer;
  timer.fire = &Record;
  wheel->Start(timer, 5);
  EXPECT_EQ(wheel->NextNs(), 101 * kTickNs);
  now_ns = 101 * kTickNs;
  EXPECT_TRUE(wheel->Advance(now_ns));
}

TEST(TimerWheelTest, RandomTimersFireOnceEachWithinOneTick) {
  std::mt19937_64 random(3);
  auto wheel = std::make_unique<TimerWheel>(12345);
  now_ns = 12345;
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (int i = 0; i < 5000; ++i) {
    auto timer = std::make_unique<TestTimer>();
    timer->fire = &Record;
    unsigned magnitude = 10 + static_cast<unsigned>(random() % 44);  // up to 2^53 ns: beyond the top level
    timer->deadline_ns = now_ns + random() % (uint64_t{1} << magnitude);
    wheel->Start(*timer, timer->deadline_ns);
    timers.push_back(std::move(timer));
  }
  for (size_t i = 0; i < timers.size(); i += 5) {
    wheel->Stop(*timers[i]);
    wheel->Stop(*timers[i]);
  }
  while (wheel->NextNs() != kNever) {
    ASSERT_GT(wheel->NextNs(), now_ns);
    now_ns = wheel->NextNs();
    wheel->Advance(now_ns);
  }
  for (size_t i = 0; i < timers.size(); ++i) {
    ASSERT_EQ(timers[i]->fired, i % 5 == 0 ? 0 : 1) << i;
    if (i % 5 == 0) continue;
    EXPECT_GE(timers[i]->fired_ns, timers[i]->deadline_ns);
    EXPECT_LE(timers[i]->fired_ns, std::max<uint64_t>(timers[i]->deadline_ns, 12345) + 2 * kTickNs);
  }
}

TEST(TimerWheelTest, AFiringTimerMayStartItselfAgain) {
  auto wheel = std::make_unique<TimerWheel>(0);
  static TimerWheel* current;
  current = wheel.get();
  TestTimer timer;
  timer.fire = [](Timer& t) {
    auto& test = static_cast<TestTimer&>(t);
    if (++test.fired < 5) current->Start(test, now_ns + kTickNs);
  };
  wheel->Start(timer, kTickNs);
  for (int tick = 1; tick <= 10; ++tick) {
    now_ns = static_cast<uint64_t>(tick) * kTickNs;
    wheel->Advance(now_ns);
  }
  EXPECT_EQ(timer.fired, 5);
}

TEST(TimerWheelTest, AJumpOfTheClockFiresEverythingThatIsDue) {
  auto wheel = std::make_unique<TimerWheel>(0);
  TestTimer timers[100];
  for (int i = 0; i < 100; ++i) {
    timers[i].fire = &Record;
    wheel->Start(timers[i], static_cast<uint64_t>(i) * 1'000'000'000);
  }
  now_ns = 50'500'000'000;
  wheel->Advance(now_ns);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(timers[i].fired, i <= 50 ? 1 : 0) << i;
}

}  // namespace
}  // namespace toro
