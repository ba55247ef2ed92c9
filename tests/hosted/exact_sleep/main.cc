// How late a sleep ends, to the nanosecond, on the virtual time of a run with a seed: at the first tick of the timer
// wheel that is not before the deadline, and one step later, because the step that fires the timer takes its time
// (DeterministicExecutor). So SleepFor(2 ms) is late by less than a tick and a step, which are 16,484 ns together.
#include <vector>

#include "core/kernel/toro.h"
#include "core/sched/timer_wheel.h"
#include "tests/contract/contract.h"

namespace {

using contract::Check;

constexpr uint64_t kTickNs = uint64_t{1} << toro::TimerWheel::kTickShift;
constexpr uint64_t kStepNs = 100;

uint64_t TickAfter(uint64_t ns) { return (ns + kTickNs - 1) / kTickNs * kTickNs; }

void ASleepOfTwoMillisecondsEndsAtItsTick() {
  bool exact = true;
  uint64_t most_ns = 0;
  // A number of sleeps that the deadline visits many places within a tick.
  for (int i = 0; i < 1000; ++i) {
    uint64_t deadline_ns = toro::NowNs() + 2 * toro::kNsPerMs + static_cast<uint64_t>(i) * 17;
    toro::SleepUntil(deadline_ns);
    uint64_t now_ns = toro::NowNs();
    exact = exact && now_ns == TickAfter(deadline_ns) + kStepNs;
    if (now_ns - deadline_ns > most_ns) most_ns = now_ns - deadline_ns;
  }
  Check(exact, "a sleep of 2 ms ends a step after its tick");
  Check(most_ns > kTickNs / 2 && most_ns < kTickNs + kStepNs, "it is late by less than a tick and a step");
}

// Long ones come down the levels of the wheel, which must not make them late.
void SleepsOfAllLengthsEndAtTheirTick() {
  bool exact = true;
  for (uint64_t length_ns = kTickNs * 2; length_ns < 30 * 24 * 3600 * toro::kNsPerSecond; length_ns += length_ns / 7) {
    uint64_t deadline_ns = toro::NowNs() + length_ns;
    toro::SleepUntil(deadline_ns);
    exact = exact && toro::NowNs() == TickAfter(deadline_ns) + kStepNs;
  }
  Check(exact, "sleeps of 32 microseconds to 30 days end a step after their tick");
}

// The threads of one tick run one after the other, a step each.
void ThreadsOfOneDeadlineWakeInTheirOrder() {
  constexpr uint64_t kThreads = 50;
  uint64_t deadline_ns = toro::NowNs() + 2 * toro::kNsPerMs;
  std::vector<uint64_t> woken_ns(kThreads);
  std::vector<toro::ThreadId> threads;
  for (uint64_t i = 0; i < kThreads; ++i) {
    threads.push_back(toro::Spawn(toro::kBootCpu, [&woken_ns, i, deadline_ns] {
                        toro::SleepUntil(deadline_ns);
                        woken_ns[i] = toro::NowNs();
                      }).value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  bool exact = true;
  for (uint64_t i = 0; i < kThreads; ++i) exact = exact && woken_ns[i] == TickAfter(deadline_ns) + (i + 1) * kStepNs;
  Check(exact, "threads of one deadline wake in their order, a step apart");
}

}  // namespace

int main() {
  toro::SleepFor(toro::kNsPerMs);  // by then the other CPUs sleep
  ASleepOfTwoMillisecondsEndsAtItsTick();
  SleepsOfAllLengthsEndAtTheirTick();
  ThreadsOfOneDeadlineWakeInTheirOrder();
  return contract::End();
}
