// Contract of what threads wait with: Mutex, CondVar, Semaphore and Event on one CPU; Channel, Future and Barrier
// between CPUs.
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "core/kernel/barrier.h"
#include "core/kernel/channel.h"
#include "core/kernel/future.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "core/sched/mutex.h"
#include "core/sched/semaphore.h"
#include "tests/contract/sync/parts.h"

namespace {

using namespace contract;  // NOLINT: the parts of one test

// ---- mutex ----

void AMutexIsHandedOverInOrder() {
  toro::Mutex mutex;
  std::string order;
  int inside = 0;
  bool alone = true;
  std::vector<ThreadId> threads;
  mutex.Lock();
  for (char name : {'a', 'b', 'c'}) {
    threads.push_back(StartHere([&, name] {
      for (int i = 0; i < 2; ++i) {
        toro::MutexHolder holder(mutex);
        alone = alone && ++inside == 1;
        order += name;
        toro::Yield();
        --inside;
      }
    }));
  }
  LetOthersRun();
  const bool waited = order.empty();
  mutex.Unlock();
  JoinAll(threads);
  Check(waited && alone && order == "abcabc", "a mutex goes to the thread that has waited longest");
}

void AMutexHasAStatusForMisuse() {
  toro::Mutex mutex;
  Check(mutex.LockUntil(toro::kNever) == Status::kOk && mutex.LockUntil(Soon()) == Status::kWouldDeadlock &&
            !mutex.TryLock(),
        "a second lock would deadlock, and says so");
  Check(toro::CpuCount() == 1 || toro::Migrate(LastCpu()) == Status::kHoldsMutex, "the holder of a mutex stays");
  Status timed_out = Status::kOk, polled = Status::kOk, cancelled = Status::kOk;
  bool tried = true;
  JoinAll({StartHere([&] {
    tried = mutex.TryLock();
    polled = mutex.LockUntil(0);
    timed_out = mutex.LockUntil(Soon());
    (void)toro::Cancel(toro::CurrentThread());
    cancelled = mutex.LockUntil(toro::kNever);
  })});
  Check(!tried && polled == Status::kTimedOut && timed_out == Status::kTimedOut && cancelled == Status::kCancelled,
        "who waits for a mutex may give up");
  mutex.Unlock();
  Check(mutex.TryLock(), "and leaves no trace");
  mutex.Unlock();
}

void ACancelledThreadGetsItsMutex() {
  toro::Mutex mutex;
  std::string steps;
  mutex.Lock();
  ThreadId thread = StartHere([&] {
    {
      toro::MutexHolder holder(mutex);  // waits, and is cancelled meanwhile
      steps += "l";
      toro::Yield();
      steps += "!";
    }
  });
  LetOthersRun();
  (void)toro::Cancel(thread);
  LetOthersRun();
  mutex.Unlock();
  (void)toro::Join(thread);
  Check(steps == "l" && mutex.TryLock(), "Lock is no place to be cancelled, and a holder unlocks when it is unwound");
  mutex.Unlock();
}

// ---- condition ----

void AConditionWakesInOrder() {
  toro::Mutex mutex;
  toro::CondVar changed;
  std::string order;
  int tokens = 0;
  std::vector<ThreadId> threads;
  for (char name : {'a', 'b', 'c', 'd'}) {
    threads.push_back(StartHere([&, name] {
      toro::MutexHolder holder(mutex);
      while (tokens == 0) (void)changed.Wait(mutex);
      --tokens;
      order += name;
    }));
  }
  LetOthersRun();
  for (int i = 0; i < 2; ++i) {
    toro::MutexHolder holder(mutex);
    ++tokens;
    changed.NotifyOne();
  }
  LetOthersRun();
  const bool two = order == "ab";
  {
    toro::MutexHolder holder(mutex);
    tokens = 2;
    changed.NotifyAll();
  }
  JoinAll(threads);
  Check(two && order == "abcd", "a condition wakes one or all, in order");
}

void AConditionWaitMayEndOtherwise() {
  toro::Mutex mutex;
  toro::CondVar never;
  Status timed_out = Status::kOk, cancelled = Status::kOk;
  bool held = false;
  ThreadId thread = StartHere([&] {
    toro::MutexHolder holder(mutex);
    timed_out = never.Wait(mutex, Soon());
    held = mutex.HeldByCurrentThread();
    cancelled = never.Wait(mutex);
    held = held && mutex.HeldByCurrentThread();
  });
  while (timed_out == Status::kOk) toro::SleepFor(toro::kNsPerMs);
  LetOthersRun();
  (void)toro::Cancel(thread);
  (void)toro::Join(thread);
  Check(timed_out == Status::kTimedOut && cancelled == Status::kCancelled && held,
        "after a deadline or a cancel the mutex is held again");
}

// ---- semaphore and event ----

void ASemaphoreCounts() {
  toro::Semaphore semaphore(2);
  Check(semaphore.Acquire() == Status::kOk && semaphore.TryAcquire() && !semaphore.TryAcquire() &&
            semaphore.Acquire(0) == Status::kTimedOut && semaphore.Acquire(Soon()) == Status::kTimedOut,
        "a semaphore gives what it has");
  std::string order;
  std::vector<ThreadId> threads;
  for (char name : {'a', 'b', 'c'}) {
    threads.push_back(StartHere([&, name] {
      if (semaphore.Acquire() == Status::kOk) order += name;
    }));
  }
  LetOthersRun();
  // From message context, as a handler would.
  toro::Call(toro::kBootCpu, [&] { semaphore.Release(2); });
  LetOthersRun();
  const bool two = order == "ab";
  (void)toro::Cancel(threads[2]);
  JoinAll(threads);
  semaphore.Release(3);
  Check(two && order == "ab" && semaphore.TryAcquire(), "Release wakes in order, and a cancelled waiter takes none");
}

void AnEventLetsEverybodyThrough() {
  toro::Event event;
  int through = 0;
  std::vector<ThreadId> threads;
  for (int i = 0; i < 3; ++i) {
    threads.push_back(StartHere([&] {
      if (event.Wait() == Status::kOk) ++through;
    }));
  }
  LetOthersRun();
  const bool waited = through == 0 && event.Wait(Soon()) == Status::kTimedOut;
  event.Set();
  JoinAll(threads);
  Check(waited && through == 3 && event.Wait() == Status::kOk && event.IsSet(), "an event that is set stays set");
  event.Reset();
  Check(!event.IsSet() && event.Wait(0) == Status::kTimedOut, "until it is reset");
}

// ---- futures ----

void AFutureHasTheValue() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    auto where = toro::CallAsync(cpu, [] { return toro::CurrentCpu(); });
    Check(where.Get().value() == cpu, "an asynchronous call runs on its CPU");
    Check(where.Get().status() == Status::kClosed, "its value is taken once");
    const std::string large(2000, 'l');
    auto text = toro::CallAsync(cpu, [large] { return large + "!"; });
    auto moved = std::move(text);
    Check(moved.Get().value() == large + "!", "a future may be moved, and its value own memory");
    int done = 0;
    Check(toro::CallAsync(cpu, [&done] { done = 1; }).Get().ok() && done == 1, "a call without a value ends, too");
    auto spawned = toro::SpawnAsync(cpu, [] {
      toro::SleepFor(1000);
      return std::string("slept on ") + std::to_string(toro::CurrentCpu().index());
    });
    Check(spawned.Get().value() == "slept on " + std::to_string(cpu.index()), "a thread may answer by a future");
  }
  Check(toro::CallAsync(CpuId{toro::CpuCount()}, [] { return 1; }).Get().status() == Status::kNoSuchCpu &&
            toro::SpawnAsync(CpuId{toro::CpuCount()}, [] {}).Get().status() == Status::kNoSuchCpu,
        "no call to a CPU that is not there");
}

void ManyCallsAreUnderWayAtOnce() {
  std::vector<toro::Future<size_t>> futures;
  constexpr size_t kCalls = 500;
  for (size_t i = 0; i < kCalls; ++i) futures.push_back(toro::CallAsync(CpuOf(i), [i] { return i * i; }));
  bool right = true;
  for (size_t i = 0; i < kCalls; ++i) right = right && futures[i].Get().value() == i * i;
  Check(right, "five hundred calls are under way at once");
}

void APromiseIsKeptOrBroken() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    auto [kept, value] = toro::Promise<int>::Make();
    auto [broken, none] = toro::Promise<std::string>::Make();
    auto [late, gone] = toro::Promise<int>::Make();
    Check(
        !value.Ready() && value.Get(0).status() == Status::kTimedOut && value.Get(Soon()).status() == Status::kTimedOut,
        "a future whose CPU does not answer ends at the deadline");
    JoinAll({Start(cpu, [k = std::move(kept), b = std::move(broken)]() mutable { (void)k.Set(7); })});
    Check(value.Get().value() == 7, "and can be asked again");
    Check(none.Get().status() == Status::kClosed, "a promise that is dropped says so");
    JoinAll({Start(cpu, [l = std::move(late)]() mutable { l.Fail(Status::kOutOfMemory); })});
    Check(gone.Get().status() == Status::kOutOfMemory, "and one that cannot be kept says why");
  }
}

// future.h, I2.
void ALateAnswerFindsNobody() {
  std::atomic<int> alive{0};
  std::vector<ThreadId> threads;
  bool gave_up = true;
  for (int i = 0; i < 20; ++i) {
    auto [promise, future] = toro::Promise<Counted>::Make();
    threads.push_back(Start(LastCpu(), [p = std::move(promise), &alive]() mutable {
      toro::SleepFor(2 * toro::kNsPerMs);
      (void)p.Set(Counted(alive));
    }));
    Status status = future.Get(toro::DeadlineAfter(1)).status();
    gave_up = gave_up && (status == Status::kTimedOut || status == Status::kOk);
  }
  JoinAll(threads);
  for (int i = 0; i < 1000 && alive > 0; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(gave_up && alive == 0, "a value for a future that is gone is destroyed");
  Check(toro::CallUntil(LastCpu(), toro::DeadlineAfter(10 * toro::kNsPerSecond), [] { return 3; }).value() == 3,
        "a call may have a deadline");
}

void AWaitForAFutureCanBeCancelled() {
  Status status = Status::kOk;
  ThreadId thread = StartHere([&] {
    auto [promise, future] = toro::Promise<int>::Make();
    status = future.Get().status();
  });
  LetOthersRun();
  (void)toro::Cancel(thread);
  Check(toro::Join(thread) == Status::kOk && status == Status::kCancelled, "a wait for a future can be cancelled");
}

// ---- barrier ----

void ABarrierLetsNobodyAhead() {
  constexpr size_t kThreads = 6;
  constexpr int kRounds = 50;
  toro::Barrier barrier(kThreads);
  std::atomic<int> arrived{0};
  std::atomic<bool> right{true};
  std::vector<ThreadId> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.push_back(Start(CpuOf(i), [&] {
      for (int round = 1; round <= kRounds; ++round) {
        ++arrived;
        if (barrier.Arrive() != Status::kOk) right = false;
        const int seen = arrived;
        if (seen < round * static_cast<int>(kThreads) || seen > (round + 1) * static_cast<int>(kThreads)) right = false;
      }
    }));
  }
  JoinAll(threads);
  Check(right && arrived == kRounds * static_cast<int>(kThreads), "a barrier lets nobody ahead, on any CPU");
}

void AnArrivalCanBeTakenBack() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    toro::Barrier barrier(2);
    Status timed_out = Status::kOk;
    JoinAll({Start(cpu, [&] { timed_out = barrier.Arrive(Soon()); })});
    Check(timed_out == Status::kTimedOut && barrier.Arrive(Soon()) == Status::kTimedOut,
          "who gives up at a barrier has not arrived");
    Status cancelled = Status::kOk, through = Status::kFull;
    ThreadId waits = Start(cpu, [&] { cancelled = barrier.Arrive(); });
    LetOthersRun();
    (void)toro::Cancel(waits);
    (void)toro::Join(waits);
    ThreadId other = Start(cpu, [&] { through = barrier.Arrive(); });
    Check(cancelled == Status::kCancelled && barrier.Arrive() == Status::kOk && toro::Join(other) == Status::kOk &&
              through == Status::kOk,
          "nor who is cancelled; two that wait go on");
  }
}

}  // namespace

int main() {
  AMutexIsHandedOverInOrder();
  AMutexHasAStatusForMisuse();
  ACancelledThreadGetsItsMutex();
  AConditionWakesInOrder();
  AConditionWaitMayEndOtherwise();
  ASemaphoreCounts();
  AnEventLetsEverybodyThrough();
  RunChannels();
  AFutureHasTheValue();
  ManyCallsAreUnderWayAtOnce();
  APromiseIsKeptOrBroken();
  ALateAnswerFindsNobody();
  AWaitForAFutureCanBeCancelled();
  ABarrierLetsNobodyAhead();
  AnArrivalCanBeTakenBack();
  return contract::End();
}
