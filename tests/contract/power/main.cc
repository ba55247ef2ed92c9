// The kernel's contract about waiting, in both worlds: threads that poll, CPUs that sleep, timers that wake them.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/kernel/callback_timer.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "core/machine/platform_services.h"
#include "tests/contract/contract.h"
#include "tests/contract/power/parts.h"

namespace {

using contract::Check;
using contract::SetAllTakeWork;
using toro::CpuId;
using toro::Status;

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }

// How often a poller may look while its CPU has nothing to do: a few times for each thing that woke the CPU. One that
// keeps its CPU from sleeping looks thousands of times within a millisecond.
constexpr uint64_t kFewLooks = 200;

// A thread of the last CPU that polls `work`, takes one unit at a time, and ends when `stop` is set.
struct Poller {
  std::atomic<uint64_t> looks{0};
  uint64_t done = 0;
  uint64_t work = 0;
  bool stop = false;

  uint64_t Looks() const { return looks.load(std::memory_order_relaxed); }

  void Run() {
    while (!stop) {
      looks.store(Looks() + 1, std::memory_order_relaxed);
      if (work > 0) {
        toro::FoundWork();
        --work;
        ++done;
      }
      toro::YieldPolling();
    }
  }
};

uint64_t LooksOf(Poller& poller) {
  return toro::Call(LastCpu(), [&poller] { return poller.Looks(); });
}

// ---- pollers ----

void ACpuWhoseThreadsAllPollSleeps() {
  for (size_t count : {size_t{1}, size_t{3}}) {
    std::vector<Poller> pollers(count);
    std::vector<toro::ThreadId> threads;
    for (Poller& poller : pollers) threads.push_back(toro::Spawn(LastCpu(), [&poller] { poller.Run(); }).value());
    uint64_t before = 0, after = 0;
    for (Poller& poller : pollers) before += LooksOf(poller);
    toro::SleepFor(20 * toro::kNsPerMs);
    for (Poller& poller : pollers) after += LooksOf(poller);
    Check(after - before < count * kFewLooks, "a CPU whose threads all poll sleeps");
    toro::Call(LastCpu(), [&pollers] {
      for (Poller& poller : pollers) poller.stop = true;
    });
    bool ended = true;
    for (toro::ThreadId thread : threads) ended = ended && toro::Join(thread) == Status::kOk;
    Check(ended, "a message wakes every poller of a CPU that sleeps");
  }
}

void NoMessageToAPollerIsLost() {
  Poller poller;
  auto thread = toro::Spawn(LastCpu(), [&poller] { poller.Run(); });
  bool each = true;
  for (uint64_t i = 1; i <= 300 && each; ++i) {
    toro::Call(LastCpu(), [&poller] { ++poller.work; });
    // Some of them meet a poller that runs, some one that waits, some a CPU that sleeps.
    if (i % 3 == 1) toro::SleepFor(i * 997 % 60'000);
    if (i % 3 == 2) toro::Yield();
    uint64_t done = 0;
    // Each call lets the poller look once more at most; what it has not seen by the hundredth was lost.
    for (int asked = 0; asked < 100 && done != i; ++asked) {
      done = toro::Call(LastCpu(), [&poller] { return poller.done; });
      toro::Yield();
    }
    each = done == i;
  }
  Check(each, "a poller sees every message's work");
  toro::Call(LastCpu(), [&poller] { poller.stop = true; });
  (void)toro::Join(thread.value());
}

// Each finds work when the one before has done its own: no message comes between.
void APollerSeesWhatAnotherPollerMade() {
  constexpr size_t kCount = 5;
  struct Chain {
    size_t turn = 0;
    bool stop = false;
    std::string order;
  } chain;
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < kCount; ++i) {
    // Backwards, so that each has looked before its turn has come.
    size_t number = kCount - 1 - i;
    threads.push_back(toro::Spawn(LastCpu(), [&chain, number] {
                        while (!chain.stop) {
                          if (chain.turn == number + 1) {
                            toro::FoundWork();
                            chain.order += static_cast<char>('a' + number);
                            ++chain.turn;
                          }
                          toro::YieldPolling();
                        }
                      }).value());
  }
  toro::SleepFor(toro::kNsPerMs);
  toro::Call(LastCpu(), [&chain] { chain.turn = 1; });
  toro::SleepFor(5 * toro::kNsPerMs);
  toro::Call(LastCpu(), [&chain] { chain.stop = true; });
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(chain.order == "abcde", "a poller sees what another poller made");
}

void APollerSeesWhatABusyThreadMade() {
  Poller poller;
  auto thread = toro::Spawn(LastCpu(), [&poller] { poller.Run(); });
  bool all = true;
  for (int round = 0; round < 20; ++round) {
    auto busy = toro::Spawn(LastCpu(), [&poller, round] {
      for (int i = 0; i < round * 7; ++i) toro::Yield();
      ++poller.work;  // the last thing that it does
    });
    all = all && toro::Join(busy.value()) == Status::kOk;
  }
  toro::SleepFor(toro::kNsPerMs);
  uint64_t done = toro::Call(LastCpu(), [&poller] { return poller.done; });
  Check(all && done == 20, "a poller sees what a busy thread made last");
  toro::Call(LastCpu(), [&poller] { poller.stop = true; });
  (void)toro::Join(thread.value());
}

// The one that starts the thread has found nothing for itself, and says so.
void APollerSeesWhatAThreadMadeThatAPollerStarted() {
  Poller poller;
  struct {
    bool go = false, stop = false;
  } starter;
  std::vector<toro::ThreadId> threads;
  threads.push_back(toro::Spawn(LastCpu(), [&poller] { poller.Run(); }).value());
  threads.push_back(toro::Spawn(LastCpu(), [&poller, &starter] {
                      while (!starter.stop) {
                        if (starter.go) {
                          starter.go = false;
                          auto made = toro::Spawn(LastCpu(), [&poller] { ++poller.work; });
                          (void)toro::Detach(made.value());
                        }
                        toro::YieldPolling();
                      }
                    }).value());
  toro::SleepFor(toro::kNsPerMs);
  toro::Call(LastCpu(), [&starter] { starter.go = true; });
  toro::SleepFor(toro::kNsPerMs);
  Check(toro::Call(LastCpu(), [&poller] { return poller.done; }) == 1, "a poller sees what a started thread made");
  toro::Call(LastCpu(), [&poller, &starter] { poller.stop = starter.stop = true; });
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
}

void APollerBesideABusyThreadIsSeldomInItsWay() {
  constexpr uint64_t kYields = 64'000;
  Poller poller;
  auto thread = toro::Spawn(LastCpu(), [&poller] { poller.Run(); });
  uint64_t before = LooksOf(poller);
  auto busy = toro::Spawn(LastCpu(), [] {
    for (uint64_t i = 0; i < kYields; ++i) toro::Yield();
  });
  (void)toro::Join(busy.value());
  uint64_t looks = LooksOf(poller) - before;
  // The deterministic executor gives the loop a turn after every thread, so there it looks as often as the busy yields.
  Check(looks > kYields / 1000 && looks < kYields * 2, "a poller beside a busy thread has its turns");
  toro::Call(LastCpu(), [&poller] { poller.stop = true; });
  (void)toro::Join(thread.value());
}

// ---- sleep ----

void ACpuThatSleepsWithATimerIsWokenByMessagesToo() {
  toro::Mailbox<int> tick;
  uint64_t deadline_ns = toro::NowNs() + 20 * toro::kNsPerMs;
  auto sleeper = toro::Spawn(LastCpu(), [&tick, deadline_ns] {
    toro::SleepUntil(deadline_ns);
    (void)tick.Send(toro::NowNs() >= deadline_ns ? 1 : 0);
  });
  int calls = 0;
  while (toro::NowNs() + 5 * toro::kNsPerMs < deadline_ns) {
    calls += toro::Call(LastCpu(), [] { return 1; });
    toro::SleepFor(toro::kNsPerMs);
  }
  Check(tick.Receive() == 1 && toro::Join(sleeper.value()) == Status::kOk,
        "a CPU that messages woke still keeps its timer");
}

// A wake-up without a message: any interrupt may end a halt, and nothing may come of it.
void AWakeUpForNothingChangesNothing() {
  Poller poller;
  auto thread = toro::Spawn(LastCpu(), [&poller] { poller.Run(); });
  uint64_t deadline_ns = toro::NowNs() + 10 * toro::kNsPerMs;
  bool early = false;
  auto sleeper = toro::Spawn(LastCpu(), [&early, deadline_ns] {
    toro::SleepUntil(deadline_ns);
    early = toro::NowNs() < deadline_ns;
  });
  for (int i = 0; i < 50; ++i) {
    toro::platform::WakeCpu(LastCpu());
    toro::SleepFor(100 * toro::kNsPerUs);
  }
  Check(toro::Join(sleeper.value()) == Status::kOk && !early, "a wake-up for nothing ends no sleep");
  // It may have been an interrupt for a poller, so each gave the poller a turn; not more.
  Check(LooksOf(poller) < 50 * kFewLooks, "a wake-up for nothing gives a poller a turn, and the CPU sleeps again");
  toro::Call(LastCpu(), [&poller] { poller.stop = true; });
  (void)toro::Join(thread.value());
}

void AWakeUpWithoutAMessageGivesPollersATurn() {
  if (toro::CpuCount() == 1) {  // nobody else is there to wake it
    Check(true, "a wake-up gives a poller a turn");
    return;
  }
  Poller poller;
  auto thread = toro::Spawn(LastCpu(), [&poller] { poller.Run(); });
  bool more = true;
  for (int i = 0; i < 5; ++i) {
    toro::SleepFor(2 * toro::kNsPerMs);  // its CPU sleeps by now, most likely
    uint64_t looks = poller.Looks();
    // Nothing is sent. A wake-up may come while its CPU is awake still, so this may take more than one.
    for (int woken = 0; woken < 1000 && poller.Looks() == looks; ++woken) {
      toro::platform::WakeCpu(LastCpu());
      toro::SleepFor(200 * toro::kNsPerUs);
    }
    more = more && poller.Looks() > looks;
  }
  Check(more, "a wake-up gives a poller a turn");
  toro::Call(LastCpu(), [&poller] { poller.stop = true; });
  (void)toro::Join(thread.value());
}

// ---- timers ----

struct Calls {
  uint64_t count = 0;
  uint64_t early = 0;
  uint64_t deadline_ns = 0;

  static void Note(void* calls) {
    auto& self = *static_cast<Calls*>(calls);
    ++self.count;
    if (toro::NowNs() < self.deadline_ns) ++self.early;
  }
};

void ATimerCallsOnceAtItsTime() {
  Calls calls;
  calls.deadline_ns = toro::NowNs() + 2 * toro::kNsPerMs;
  toro::CallbackTimer timer(&Calls::Note, &calls);
  timer.StartAt(calls.deadline_ns);
  Check(timer.pending(), "a started timer is pending");
  toro::SleepUntil(calls.deadline_ns + 2 * toro::kNsPerMs);
  Check(calls.count == 1 && calls.early == 0 && !timer.pending(), "a timer calls once, and not before its time");
  timer.StartAt(toro::NowNs() + toro::kNsPerMs);
  timer.Stop();
  timer.Stop();
  toro::SleepFor(3 * toro::kNsPerMs);
  Check(calls.count == 1, "a stopped timer does not call");
}

void APeriodicTimerKeepsItsGrid() {
  constexpr uint64_t kPeriodNs = 2 * toro::kNsPerMs;
  Calls calls;
  toro::CallbackTimer timer(&Calls::Note, &calls);
  uint64_t start_ns = toro::NowNs();
  timer.StartEvery(kPeriodNs);
  toro::SleepFor(10 * kPeriodNs + kPeriodNs / 2);
  timer.Stop();
  uint64_t periods = (toro::NowNs() - start_ns) / kPeriodNs;
  uint64_t seen = calls.count + timer.missed();
  Check(seen >= 10 && seen <= periods, "a periodic timer calls once a period, or says what it missed");
  toro::SleepFor(3 * kPeriodNs);
  Check(calls.count + timer.missed() == seen, "a periodic timer that was stopped calls no more");
}

void ATimerMayStartAndEndItselfInItsCall() {
  struct Again {
    toro::CallbackTimer timer{&Again::Call, this};
    int count = 0;
    static void Call(void* again) {
      auto& self = *static_cast<Again*>(again);
      if (++self.count < 5) self.timer.StartAt(0);  // in the past: the next tick
    }
  } again;
  again.timer.StartAt(toro::NowNs());
  toro::SleepFor(5 * toro::kNsPerMs);
  Check(again.count == 5, "a timer may start itself again");

  static bool ended;
  struct Once {
    toro::CallbackTimer timer{&Once::Call, this};
    static void Call(void* once) {
      delete static_cast<Once*>(once);
      ended = true;
    }
  };
  ended = false;
  (new Once)->timer.StartAt(toro::NowNs());
  toro::SleepFor(2 * toro::kNsPerMs);
  Check(ended, "a timer may be destroyed in its call");
}

void ManyTimersFireOnceEach() {
  constexpr size_t kTimers = 10'000;
  struct One {
    uint64_t* fired;
    uint64_t count = 0;
    std::unique_ptr<toro::CallbackTimer> timer;
  };
  uint64_t fired = 0;
  std::vector<One> all(kTimers);
  uint64_t now_ns = toro::NowNs();
  for (size_t i = 0; i < kTimers; ++i) {
    all[i].fired = &fired;
    all[i].timer = std::make_unique<toro::CallbackTimer>(
        [](void* one) {
          ++static_cast<One*>(one)->count;
          ++*static_cast<One*>(one)->fired;
        },
        &all[i]);
    all[i].timer->StartAt(now_ns + i * 7919 % (20 * toro::kNsPerMs));
  }
  for (size_t i = 0; i < kTimers; i += 2) all[i].timer->Stop();
  size_t stopped_late = fired;  // none: this thread has not yielded
  toro::SleepUntil(now_ns + 25 * toro::kNsPerMs);
  bool right = stopped_late == 0 && fired == kTimers / 2;
  for (size_t i = 0; i < kTimers; ++i) right = right && all[i].count == i % 2;
  Check(right, "of 10000 timers those that were not stopped fire once each");
}

// ---- work on request ----

// Of threads on CPU 0, some of which may move.
struct Spread {
  std::atomic<bool> seen_elsewhere{false};
  std::atomic<bool> moved_against_its_will{false};
  std::atomic<int> ended{0};

  // Goes on until some thread was on another CPU, if there is one.
  void Run(bool may_move) {
    for (int i = 0; i < 100 || (toro::CpuCount() > 1 && !seen_elsewhere.load(std::memory_order_relaxed)); ++i) {
      if (toro::CurrentCpu() != toro::kBootCpu) {
        (may_move ? seen_elsewhere : moved_against_its_will).store(true, std::memory_order_relaxed);
      }
      toro::Yield();
    }
    ended.fetch_add(1, std::memory_order_relaxed);
  }
};

void WorkGoesToCpusThatAskForIt() {
  constexpr int kThreads = 40;
  for (int round = 0; round < 3; ++round) {
    SetAllTakeWork(true);
    Spread spread;
    std::vector<toro::ThreadId> threads;
    for (int i = 0; i < kThreads; ++i) {
      bool may_move = i % 4 != 0;
      threads.push_back(toro::Spawn(toro::kBootCpu, [&spread, may_move] { spread.Run(may_move); },
                                    {.stack_bytes = 2 * toro::kLeastStackBytes, .may_move = may_move})
                            .value());
    }
    bool joined = true;
    for (toro::ThreadId thread : threads) joined = joined && toro::Join(thread) == Status::kOk;
    Check(joined && spread.ended.load() == kThreads, "threads that may move run to their end, wherever they are");
    Check(!spread.moved_against_its_will.load(), "a thread that may not move stays");
    SetAllTakeWork(false);
  }
}

void NobodyGetsWorkWithoutAskingForIt() {
  uint64_t before = toro::Statistics(toro::kBootCpu).threads.departed;
  toro::SleepFor(2 * toro::kNsPerMs);
  std::vector<toro::ThreadId> threads;
  uint64_t elsewhere = 0;
  for (int i = 0; i < 20; ++i) {
    threads.push_back(toro::Spawn(toro::kBootCpu,
                                  [&elsewhere] {
                                    for (int y = 0; y < 100; ++y) {
                                      if (toro::CurrentCpu() != toro::kBootCpu) ++elsewhere;
                                      toro::Yield();
                                    }
                                  },
                                  {.may_move = true})
                          .value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(elsewhere == 0 && toro::Statistics(toro::kBootCpu).threads.departed == before,
        "where no CPU takes work, threads that may move stay");
  Check(toro::SetTakesWork(CpuId{toro::CpuCount()}, true) == Status::kNoSuchCpu,
        "a CPU that is not there takes no work");
}

}  // namespace

int main() {
  ACpuWhoseThreadsAllPollSleeps();
  NoMessageToAPollerIsLost();
  APollerSeesWhatAnotherPollerMade();
  APollerSeesWhatABusyThreadMade();
  APollerSeesWhatAThreadMadeThatAPollerStarted();
  APollerBesideABusyThreadIsSeldomInItsWay();
  ACpuThatSleepsWithATimerIsWokenByMessagesToo();
  AWakeUpForNothingChangesNothing();
  AWakeUpWithoutAMessageGivesPollersATurn();
  ATimerCallsOnceAtItsTime();
  APeriodicTimerKeepsItsGrid();
  ATimerMayStartAndEndItselfInItsCall();
  ManyTimersFireOnceEach();
  NobodyGetsWorkWithoutAskingForIt();
  WorkGoesToCpusThatAskForIt();
  contract::AThreadThatMayMoveWaitsWhereItIs();
  NobodyGetsWorkWithoutAskingForIt();  // the requests that stayed open have been withdrawn
  return contract::End();
}
