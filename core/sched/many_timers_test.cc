// A million timers at once: those that are not stopped fire in the order of their ticks, each at its own; and to start
// and to stop one takes as many instructions as among a thousand.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "core/base/instruction_count_test.h"
#include "core/sched/timer_wheel.h"

namespace toro {
namespace {

constexpr uint64_t kTickNs = uint64_t{1} << TimerWheel::kTickShift;
constexpr uint64_t kStartNs = 987'654'321;
constexpr size_t kMillion = 1'000'000;

struct NumberedTimer : Timer {
  uint64_t deadline_ns = 0;
};

uint64_t TickOf(uint64_t deadline_ns) { return (deadline_ns + kTickNs - 1) / kTickNs; }

// From 16 microseconds to six hours ahead, as many for each power of two: all but the top level of the wheel.
uint64_t SomeDeadline(std::mt19937_64& random) {
  unsigned magnitude = 14 + static_cast<unsigned>(random() % 31);
  return kStartNs + (uint64_t{1} << magnitude) + random() % (uint64_t{1} << magnitude);
}

struct Fired {
  const Timer* timer;
  uint64_t at_ns;
};

std::vector<Fired> fired;
uint64_t now_ns;

void Record(Timer& timer) { fired.push_back({&timer, now_ns}); }

TEST(ManyTimersTest, OfAMillionThoseThatAreNotStoppedFireInTheOrderOfTheirTicks) {
  std::mt19937_64 random(7);
  auto wheel = std::make_unique<TimerWheel>(kStartNs);
  std::vector<NumberedTimer> timers(kMillion);
  for (NumberedTimer& timer : timers) {
    timer.fire = &Record;
    timer.deadline_ns = SomeDeadline(random);
    wheel->Start(timer, timer.deadline_ns);
  }
  EXPECT_EQ(wheel->pending(), kMillion);
  for (size_t i = 0; i < kMillion; i += 2) wheel->Stop(timers[i]);
  EXPECT_EQ(wheel->pending(), kMillion / 2);
  std::vector<uint64_t> expected;
  for (size_t i = 1; i < kMillion; i += 2) expected.push_back(TickOf(timers[i].deadline_ns) * kTickNs);
  std::sort(expected.begin(), expected.end());

  fired.clear();
  now_ns = kStartNs;
  while (wheel->NextNs() != kNever) {
    ASSERT_GT(wheel->NextNs(), now_ns);
    now_ns = wheel->NextNs();
    wheel->Advance(now_ns);
  }
  EXPECT_EQ(wheel->pending(), 0u);
  ASSERT_EQ(fired.size(), kMillion / 2);
  std::vector<bool> seen(kMillion);
  for (size_t i = 0; i < fired.size(); ++i) {
    auto index = static_cast<size_t>(static_cast<const NumberedTimer*>(fired[i].timer) - timers.data());
    ASSERT_EQ(index % 2, 1u) << "a stopped timer fired";
    ASSERT_FALSE(seen[index]) << "a timer fired twice";
    seen[index] = true;
    ASSERT_EQ(fired[i].at_ns, TickOf(timers[index].deadline_ns) * kTickNs);
    ASSERT_EQ(fired[i].at_ns, expected[i]);
  }
}

// ---- instructions ----

struct Instructions {
  int64_t most_of_start = 0;
  int64_t most_of_stop = 0;
};

// Stops some of `pending` timers and starts them again, with the deadlines that they have.
Instructions OfStartAndStop(size_t pending) {
  std::mt19937_64 random(11);
  InstructionCounter counter;
  auto wheel = std::make_unique<TimerWheel>(kStartNs);
  std::vector<NumberedTimer> timers(pending);
  for (NumberedTimer& timer : timers) {
    timer.deadline_ns = SomeDeadline(random);
    wheel->Start(timer, timer.deadline_ns);
  }
  Instructions most;
  for (int i = 0; i < 500; ++i) {
    NumberedTimer& timer = timers[random() % pending];
    most.most_of_stop = std::max(most.most_of_stop, counter.Count([&] { wheel->Stop(timer); }));
    most.most_of_start = std::max(most.most_of_start, counter.Count([&] { wheel->Start(timer, timer.deadline_ns); }));
  }
  return most;
}

TEST(ManyTimersTest, StartAndStopTakeNoMoreInstructionsAmongAMillionThanAmongAThousand) {
  Instructions few = OfStartAndStop(1'000);
  Instructions many = OfStartAndStop(kMillion);
  std::printf("at most: start %ld, stop %ld instructions among 1,000; start %ld, stop %ld among 1,000,000\n",
              few.most_of_start, few.most_of_stop, many.most_of_start, many.most_of_stop);
  EXPECT_GT(few.most_of_start, 10);
  EXPECT_LE(many.most_of_start, few.most_of_start);
  EXPECT_LE(many.most_of_stop, few.most_of_stop);
}

// A timer moves down a level at a time, so it is looked at once per level, whatever else is pending.
TEST(ManyTimersTest, ATimerIsMovedOncePerLevelAtMost) {
  auto wheel = std::make_unique<TimerWheel>(0);
  static uint64_t calls;
  calls = 0;
  NumberedTimer timer;
  timer.fire = [](Timer&) { ++calls; };
  uint64_t deadline_ns = (uint64_t{1} << (TimerWheel::kTickShift + TimerWheel::kSlotBits * TimerWheel::kLevels)) - 1;
  wheel->Start(timer, deadline_ns);
  size_t wake_ups = 0;
  for (; wheel->NextNs() != kNever; ++wake_ups) wheel->Advance(wheel->NextNs());
  EXPECT_EQ(calls, 1u);
  EXPECT_LE(wake_ups, TimerWheel::kLevels);
}

}  // namespace
}  // namespace toro
