// Contract of what threads may ask of each other: join with a deadline, suspend, resume, cancel, wherever they are.
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/kernel/future.h"
#include "core/kernel/thread_list.h"
#include "core/kernel/toro.h"
#include "core/machine/platform_services.h"
#include "core/sched/mutex.h"
#include "tests/contract/threads/parts.h"

namespace {

using contract::Check;
using contract::Destroyed;
using contract::LastCpu;
using contract::Shared;
using toro::CpuId;
using toro::Status;
using toro::ThreadId;

// A deadline that comes soon, by the clock of the world.
uint64_t Soon() { return toro::DeadlineAfter(toro::kNsPerMs); }

void WaitFor(const Shared& shared, int value) {
  while (shared.load() != value) toro::Yield();
}

// ---- join ----

void AJoinThatGivesUpCanBeDoneAgain() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared stop = 0;
    auto thread = toro::Spawn(cpu, [&stop] { WaitFor(stop, 1); });
    const bool gave_up = toro::Join(thread.value(), Soon()) == Status::kTimedOut &&
                         toro::Join(thread.value(), Soon()) == Status::kTimedOut;
    stop = 1;
    Check(gave_up, "a join ends at its deadline, more than once");
    Check(toro::Join(thread.value()) == Status::kOk, "after that the thread can be joined");
    Check(toro::Join(thread.value()) == Status::kNoSuchThread, "and then no more");
  }
}

// The deadline and the end of the thread come at the same time.
void JoinsThatRaceWithTheEndAreExact() {
  bool exact = true;
  for (int round = 0; round < 100; ++round) {
    const uint64_t end_ns = toro::DeadlineAfter(200 * toro::kNsPerUs);
    auto thread = toro::Spawn(LastCpu(), [end_ns] { toro::SleepUntil(end_ns); });
    Status first = toro::Join(thread.value(), end_ns);
    exact = exact && (first == Status::kOk || first == Status::kTimedOut);
    Status second = toro::Join(thread.value());
    exact = exact && second == (first == Status::kOk ? Status::kNoSuchThread : Status::kOk);
  }
  Check(exact, "a thread that ends at the deadline of its join is joined once, then or later");
}

// ---- cancel ----

void CancelEndsAThreadThatYields() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared destroyed = 0, runs = 0, after = 0;
    auto thread = toro::Spawn(cpu, [&] {
      Destroyed outer(destroyed);
      auto heap = std::make_unique<Destroyed>(destroyed);
      runs = 1;
      for (;;) toro::Yield();
      after = 1;
    });
    WaitFor(runs, 1);
    Check(toro::Cancel(thread.value()) == Status::kOk && toro::Join(thread.value()) == Status::kOk,
          "a thread that only yields can be cancelled");
    Check(destroyed == 2 && after == 0, "its destructors run");
  }
}

void CancelEndsAWait() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared destroyed = 0, begun = 0;
    auto sleeps = toro::Spawn(cpu, [&] {
      Destroyed here(destroyed);
      begun = 1;
      toro::SleepUntil(toro::kNever);
    });
    WaitFor(begun, 1);
    Check(toro::Cancel(sleeps.value()) == Status::kOk && toro::Join(sleeps.value()) == Status::kOk && destroyed == 1,
          "a thread that sleeps for ever can be cancelled");

    Shared stop = 0;
    Status seen = Status::kOk, again = Status::kOk;
    auto runs = toro::Spawn(toro::kBootCpu, [&stop] { WaitFor(stop, 1); });
    begun = 0;
    auto joins = toro::Spawn(cpu, [&] {
      begun = 1;
      seen = toro::Join(runs.value());
      again = toro::Join(runs.value());
    });
    WaitFor(begun, 1);
    (void)toro::Cancel(joins.value());
    Check(toro::Join(joins.value()) == Status::kOk && seen == Status::kCancelled && again == Status::kCancelled,
          "waits of a cancelled thread say so, each of them");
    stop = 1;
    Check(toro::Join(runs.value()) == Status::kOk, "what it waited for can be joined by another");
  }
}

void CancelHasAnAnswerForEveryId() {
  Shared stop = 0;
  auto thread = toro::Spawn(LastCpu(), [&stop] {
    toro::CancelGuard guard;
    while (stop == 0) toro::Yield();
  });
  ThreadId id = thread.value();
  Check(toro::Cancel(id) == Status::kOk && toro::Cancel(id) == Status::kCancelled, "the second cancel is told so");
  Check(toro::Suspend(id) == Status::kCancelled, "a thread that is to end is not suspended");
  stop = 1;
  Check(toro::Join(id) == Status::kOk, "a guarded thread ends by itself");
  bool all = true;
  const ThreadId never(LastCpu(), 1000000, 1), nowhere(CpuId{toro::CpuCount()}, 0, 1);
  for (ThreadId gone : {id, ThreadId(), never, nowhere}) {
    all = all && toro::Cancel(gone) == Status::kNoSuchThread && toro::Suspend(gone) == Status::kNoSuchThread &&
          toro::Resume(gone) == Status::kNoSuchThread && toro::Detach(gone) == Status::kNoSuchThread &&
          toro::Join(gone) == Status::kNoSuchThread;
  }
  Check(all, "an id that is stale, null, or of no CPU names no thread");
  auto ended = toro::Spawn(LastCpu(), [] {});
  (void)toro::Join(ended.value(), 0);  // gives up, but lets the other CPU step
  while (toro::Cancel(ended.value()) != Status::kNoSuchThread) toro::Yield();
  Check(toro::Resume(ended.value()) == Status::kNoSuchThread && toro::Join(ended.value()) == Status::kOk,
        "a thread that has ended cannot be resumed, but joined");
}

void AThreadMayCancelItself() {
  std::string steps;
  auto thread = toro::Spawn(toro::kBootCpu, [&steps] {
    steps += toro::Cancel(toro::CurrentThread()) == Status::kOk ? "c" : "?";
    steps += toro::Cancel(toro::CurrentThread()) == Status::kCancelled ? "c" : "?";
    steps += toro::CancelRequested() ? "r" : "?";
    {
      toro::CancelGuard guard;
      toro::Yield();
      toro::EndIfCancelled();
      toro::SleepFor(1);
      steps += "g";
    }
    toro::EndIfCancelled();
    steps += "!";
  });
  Check(toro::Join(thread.value()) == Status::kOk && steps == "ccrg", "a cancel waits for the end of a guard");
}

// cancel.h, I2: destructors of a cancelled thread wait for what it began.
void DestructorsOfACancelledThreadMayWait() {
  Shared order = 0, begun = 0;
  struct Child {
    explicit Child(Shared& c) : order(c) {
      thread = toro::Spawn(LastCpu(), [this] {
                 while (stop == 0) toro::Yield();
                 toro::SleepFor(1000);
                 order = 1;
               }).value();
    }
    ~Child() {
      stop = 1;
      toro::Yield();
      toro::SleepFor(1000);
      if (toro::Join(thread) == Status::kOk && order == 1) order = 2;
    }
    Shared& order;
    Shared stop = 0;
    ThreadId thread;
  };
  auto thread = toro::Spawn(toro::kBootCpu, [&] {
    Child child(order);
    begun = 1;
    for (;;) toro::Yield();
  });
  WaitFor(begun, 1);
  (void)toro::Cancel(thread.value());
  (void)toro::Join(thread.value());
  Check(order == 2, "destructors of a cancelled thread may wait");
}

// cancel.h, I1.
// Yields in its destructor until it may end. What it was moved to does that instead.
struct YieldsAtItsEnd {
  YieldsAtItsEnd() = default;
  YieldsAtItsEnd(Shared* begun_counter, Shared* go_on_flag, Shared* ended_counter)
      : begun(begun_counter), go_on(go_on_flag), ended(ended_counter) {}
  YieldsAtItsEnd(YieldsAtItsEnd&& other) noexcept
      : begun(std::exchange(other.begun, nullptr)), go_on(other.go_on), ended(other.ended) {}
  ~YieldsAtItsEnd() {
    if (begun == nullptr) return;
    ++*begun;
    WaitFor(*go_on, 1);
    ++*ended;
  }

  Shared* begun = nullptr;
  Shared* go_on = nullptr;
  Shared* ended = nullptr;
};

// It has returned from its function when it is cancelled: nobody would catch what ends it.
void ACancelDoesNotEndWhatFollowsTheBody() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared begun = 0, go_on = 0, ended = 0;
    std::vector<ThreadId> threads;
    threads.push_back(toro::Spawn(cpu, [last = YieldsAtItsEnd(&begun, &go_on, &ended)] {}).value());
    if (toro::platform::ThreadLocalBytes() > 0) {  // where each thread has thread_local variables of its own
      auto with_local = toro::Spawn(cpu, [&begun, &go_on, &ended] {
        thread_local YieldsAtItsEnd last;
        last.begun = &begun;
        last.go_on = &go_on;
        last.ended = &ended;
      });
      threads.push_back(with_local.value());
    }
    const int count = static_cast<int>(threads.size());
    WaitFor(begun, count);
    bool right = true;
    for (ThreadId thread : threads) right = right && toro::Cancel(thread) == Status::kOk;
    go_on = 1;
    for (ThreadId thread : threads) right = right && toro::Join(thread) == Status::kOk;
    Check(right && ended == count,
          "a cancel throws nothing into destructors of the function object and of thread_local variables");
  }
}

void ACancelWaitsForAnotherException() {
  std::string steps;
  struct Yields {
    explicit Yields(std::string& s) : steps(s) {}
    ~Yields() {
      (void)toro::Cancel(toro::CurrentThread());
      toro::Yield();
      steps += "d";
    }
    std::string& steps;
  };
  auto thread = toro::Spawn(toro::kBootCpu, [&steps] {
    try {
      Yields here(steps);
      throw 42;
    } catch (int value) {
      steps += value == 42 ? "c" : "?";
    }
    toro::Yield();
    steps += "!";
  });
  (void)toro::Join(thread.value());
  Check(steps == "dc", "a cancel does not meet an exception that is on its way");
}

void ADetachedThreadSeesItsCancel() {
  struct Seen {
    ThreadId id;
    Shared begun = 0, requested = 0;
  } seen;
  (void)toro::SpawnDetached(
      LastCpu(),
      [](void* argument) {
        auto& all = *static_cast<Seen*>(argument);
        all.id = toro::CurrentThread();
        all.begun = 1;
        while (!toro::CancelRequested()) toro::Yield();
        all.requested = 1;
      },
      &seen);
  WaitFor(seen.begun, 1);
  Check(toro::Cancel(seen.id) == Status::kOk, "a detached thread can be cancelled");
  WaitFor(seen.requested, 1);
  while (toro::Cancel(seen.id) != Status::kNoSuchThread) toro::Yield();
  Check(toro::Join(seen.id) == Status::kNoSuchThread, "its id is gone when it has ended");
}

// ---- suspend and resume ----

void ASuspendedThreadDoesNotRun() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared turns = 0, stop = 0;
    auto thread = toro::Spawn(cpu, [&] {
      while (stop == 0) {
        ++turns;
        toro::Yield();
      }
    });
    ThreadId id = thread.value();
    while (turns < 3) toro::Yield();
    Check(toro::Resume(id) == Status::kNotSuspended, "a thread that runs cannot be resumed");
    Check(toro::Suspend(id) == Status::kOk && toro::Suspend(id) == Status::kSuspended, "nor suspended twice");
    const int before = turns;
    for (int i = 0; i < 20; ++i) {
      toro::Call(cpu, [] {});
      toro::Yield();
    }
    Check(turns == before, "a suspended thread does not run");
    Check(toro::Resume(id) == Status::kOk && toro::Resume(id) == Status::kNotSuspended, "it is resumed once");
    while (turns == before) toro::Yield();
    stop = 1;
    Check(toro::Join(id) == Status::kOk, "a resumed thread runs to its end");
  }
}

void ASuspendedThreadGoesOnWaiting() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared begun = 0, woken = 0;
    auto thread = toro::Spawn(cpu, [&] {
      begun = 1;
      toro::SleepFor(toro::kNsPerMs);
      woken = 1;
    });
    WaitFor(begun, 1);
    // On a slow machine it may have ended by now.
    const Status suspended = toro::Suspend(thread.value());
    bool right = suspended == Status::kOk || suspended == Status::kNoSuchThread;
    toro::SleepFor(5 * toro::kNsPerMs);
    for (int i = 0; i < 20; ++i) toro::Call(cpu, [] {});
    right = right && woken == (suspended == Status::kOk ? 0 : 1);
    right = right && toro::Resume(thread.value()) == suspended;
    Check(right && toro::Join(thread.value()) == Status::kOk && woken == 1,
          "the sleep of a suspended thread ends, the thread goes on when it is resumed");

    begun = woken = 0;
    auto early = toro::Spawn(cpu, [&] {
      begun = 1;
      const uint64_t start_ns = toro::NowNs();
      toro::SleepFor(3 * toro::kNsPerMs);
      woken = toro::NowNs() - start_ns >= 3 * toro::kNsPerMs ? 1 : 2;
    });
    WaitFor(begun, 1);
    right = toro::Suspend(early.value()) == toro::Resume(early.value());
    Check(right && toro::Join(early.value()) == Status::kOk && woken == 1, "a resume does not cut a sleep short");
  }
}

void AThreadMaySuspendItself() {
  Shared state = 0;
  auto thread = toro::Spawn(LastCpu(), [&state] {
    state = 1;
    if (toro::Suspend(toro::CurrentThread()) == Status::kOk) state = 2;
  });
  WaitFor(state, 1);
  while (toro::Resume(thread.value()) == Status::kNotSuspended) toro::Yield();
  Check(toro::Join(thread.value()) == Status::kOk && state == 2, "a thread that suspends itself goes on when resumed");
}

void CancelResumesASuspendedThread() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    Shared destroyed = 0, begun = 0;
    for (bool sleeps : {false, true}) {
      begun = 0;
      auto thread = toro::Spawn(cpu, [&, sleeps] {
        Destroyed here(destroyed);
        begun = 1;
        for (;;) sleeps ? toro::SleepUntil(toro::kNever) : toro::Yield();
      });
      WaitFor(begun, 1);
      (void)toro::Suspend(thread.value());
      (void)toro::Cancel(thread.value());
      (void)toro::Join(thread.value());
    }
    Check(destroyed == 2, "a suspended thread can be cancelled");
  }
}

// ---- names and lists ----

const char* StateOf(const char* name, size_t* found) {
  const char* state = "(none)";
  *found = 0;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    (void)toro::ForEachThread(CpuId{i}, [&](const toro::ThreadReport& report) {
      if (std::string(report.name) != name) return;
      ++*found;
      state = report.cpu == CpuId{i} ? report.State() : "(wrong CPU)";
    });
  }
  return state;
}

void ThreadsAreListedWithWhatTheyWaitFor() {
  toro::Mutex mutex;
  mutex.Lock();
  Shared stop = 0;
  std::vector<ThreadId> threads;
  auto start = [&threads](CpuId cpu, const char* name, auto function) {
    threads.push_back(toro::Spawn(cpu, function, {.name = name}).value());
  };
  start(toro::kBootCpu, "locks", [&] { toro::MutexHolder holder(mutex); });
  start(LastCpu(), "sleeps", [] { toro::SleepUntil(toro::kNever); });
  start(LastCpu(), "runs", [&stop] { WaitFor(stop, 1); });
  start(toro::kBootCpu, "travels", [&stop] {
    (void)toro::Migrate(LastCpu());
    WaitFor(stop, 1);
  });
  start(LastCpu(), "is suspended", [&stop] { WaitFor(stop, 1); });
  (void)toro::Suspend(threads[4]);
  for (int i = 0; i < 20; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  size_t found[6];
  const std::string states = std::string(StateOf("main", &found[0])) + "; " + StateOf("locks", &found[1]) + "; " +
                             StateOf("sleeps", &found[2]) + "; " + StateOf("is suspended", &found[3]);
  (void)StateOf("travels", &found[4]);
  const std::string runs = StateOf("runs", &found[5]);
  bool once = true;
  for (size_t count : found) once = once && count == 1;
  Check(once && states == "running; waits for a mutex; sleeps; suspended" && (runs == "ready" || runs == "running"),
        "every thread is listed once, with its name and what it waits for");
  if (!once) toro::PrintThreads();
  Check(toro::ForEachThread(CpuId{toro::CpuCount()}, [](const toro::ThreadReport&) {}) == Status::kNoSuchCpu,
        "no threads of a CPU that is not there");
  mutex.Unlock();
  stop = 1;
  (void)toro::Resume(threads[4]);
  (void)toro::Cancel(threads[1]);
  for (ThreadId thread : threads) (void)toro::Join(thread);
}

}  // namespace

int main() {
  AJoinThatGivesUpCanBeDoneAgain();
  JoinsThatRaceWithTheEndAreExact();
  CancelEndsAThreadThatYields();
  CancelEndsAWait();
  CancelHasAnAnswerForEveryId();
  AThreadMayCancelItself();
  DestructorsOfACancelledThreadMayWait();
  ACancelDoesNotEndWhatFollowsTheBody();
  ACancelWaitsForAnotherException();
  ADetachedThreadSeesItsCancel();
  ASuspendedThreadDoesNotRun();
  ASuspendedThreadGoesOnWaiting();
  AThreadMaySuspendItself();
  CancelResumesASuspendedThread();
  contract::RequestsFindThreadsThatMigrate();
  contract::RequestsToOneThreadAgree();
  contract::RequestsFindThreadsBehindFullChannels();
  ThreadsAreListedWithWhatTheyWaitFor();
  return contract::End();
}
