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
#include "tests/contract/contract.h"

namespace {

using contract::Check;
using toro::CpuId;
using toro::Status;
using toro::ThreadId;

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }
CpuId CpuOf(size_t i) { return CpuId{i % toro::CpuCount()}; }
uint64_t Soon() { return toro::DeadlineAfter(toro::kNsPerMs); }

template <typename Function>
ThreadId Start(CpuId cpu, Function function) {
  return toro::Spawn(cpu, std::move(function)).value();
}
template <typename Function>
ThreadId StartHere(Function function) {
  return Start(toro::kBootCpu, std::move(function));
}
void JoinAll(const std::vector<ThreadId>& threads) {
  for (ThreadId thread : threads) (void)toro::Join(thread);
}
// Lets threads of this CPU that are ready come to where they wait.
void LetOthersRun() {
  for (int i = 0; i < 10; ++i) toro::Yield();
}

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

// ---- channel ----

void AChannelKeepsOrderAndBound() {
  constexpr size_t kCapacity = 3;
  constexpr int kEach = 200;
  toro::Channel<std::pair<size_t, int>> channel(kCapacity);
  std::vector<ThreadId> senders;
  std::atomic<int> sent{0};
  for (size_t s = 0; s < 5; ++s) {
    senders.push_back(Start(CpuOf(s), [&, s] {
      for (int n = 0; n < kEach; ++n) {
        if (channel.Send({s, n}) == Status::kOk) ++sent;
      }
    }));
  }
  std::vector<int> next(5);
  bool right = true;
  for (int received = 0; received < 5 * kEach; ++received) {
    if (received % 16 == 0) toro::Yield();
    auto value = channel.Receive();
    right = right && value.ok() && next[value.value().first]++ == value.value().second;
    // A sender counts when its value has left; the values between are the channel's.
    right = right && sent <= received + 1 + static_cast<int>(kCapacity);
  }
  JoinAll(senders);
  Check(right && channel.empty(), "a bounded channel holds what it may, and keeps the order of each sender");
}

void AChannelOfLargeValues() {
  toro::Channel<std::string> channel(2);
  const std::string expected(1000, 'x');
  bool right = true;
  {
    std::vector<ThreadId> senders;
    for (size_t s = 0; s < 4; ++s) {
      senders.push_back(Start(CpuOf(s), [&] {
        for (int n = 0; n < 20; ++n) (void)channel.Send(expected);
      }));
    }
    for (int n = 0; n < 80; ++n) right = right && channel.Receive().value() == expected;
    JoinAll(senders);
  }
  Check(right, "values that own memory travel between CPUs");
}

void ASendMayGiveUp() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    toro::Channel<int> channel(1);
    Check(channel.Send(1) == Status::kOk && channel.TrySend(2) == Status::kFull, "a channel that is full says so");
    Status timed_out = Status::kOk, cancelled = Status::kOk;
    JoinAll({Start(cpu, [&] {
      timed_out = channel.Send(3, Soon());
      (void)toro::Cancel(toro::CurrentThread());
      cancelled = channel.Send(4);
    })});
    Check(timed_out == Status::kTimedOut && cancelled == Status::kCancelled, "a send gives up");
    // I2: what the channel promised to it comes back.
    Check(channel.Receive().value() == 1, "what was sent is received");
    Status later = Status::kFull;
    JoinAll({Start(cpu, [&] { later = channel.Send(5, toro::DeadlineAfter(10 * toro::kNsPerSecond)); })});
    Check(later == Status::kOk && channel.Receive().value() == 5 && channel.empty(),
          "a send that gave up has sent nothing, and takes no room");
  }
}

void AChannelCloses() {
  toro::Channel<int> channel(4);
  std::vector<ThreadId> threads;
  std::atomic<int> sum{0}, ends{0};
  for (int i = 0; i < 3; ++i) {
    threads.push_back(StartHere([&] {
      for (;;) {
        auto value = channel.Receive();
        if (!value.ok()) {
          if (value.status() == Status::kClosed) ++ends;
          return;
        }
        sum += value.value();
      }
    }));
  }
  Status after = Status::kOk;
  threads.push_back(Start(LastCpu(), [&] {
    for (int n = 1; n <= 100; ++n) (void)channel.Send(n);
    channel.Close();
    after = channel.Send(1000, toro::DeadlineAfter(10 * toro::kNsPerSecond));
  }));
  JoinAll(threads);
  Check(sum == 5050 && ends == 3, "what was sent before the end is received, and everybody learns of the end");
  Check(after == Status::kClosed && channel.Send(1) == Status::kClosed, "a closed channel takes nothing");
}

struct Counted {
  explicit Counted(std::atomic<int>& c) : count(&c) { ++*count; }
  Counted(Counted&& other) noexcept : count(other.count) { ++*count; }
  ~Counted() { --*count; }
  std::atomic<int>* count;
};

void AReceiveMayGiveUpAndAChannelMayGo() {
  std::atomic<int> alive{0};
  {
    toro::Channel<Counted> channel;
    Check(channel.Receive(Soon()).status() == Status::kTimedOut, "a receive gives up");
    JoinAll({Start(LastCpu(), [&] {
      for (int i = 0; i < 50; ++i) (void)channel.Send(Counted(alive));
    })});
    // Some are queued, some perhaps under way.
  }
  for (int i = 0; i < 1000 && alive > 0; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(alive == 0, "what a channel that is gone had, or gets, is destroyed");
}

// channel.h, I4. What a channel was is overwritten as soon as its destructor is through.
void AChannelMayGoWhenThreadsHaveBeenWoken() {
  alignas(toro::Channel<int>) unsigned char place[sizeof(toro::Channel<int>)];
  int ends = 0, sent = 0;
  std::vector<ThreadId> threads;
  auto* closed = new (place) toro::Channel<int>(1);
  for (int i = 0; i < 3; ++i) {
    threads.push_back(StartHere([&] { ends += closed->Receive().status() == Status::kClosed ? 1 : 0; }));
  }
  LetOthersRun();
  closed->Close();
  std::destroy_at(closed);
  std::memset(place, 0, sizeof place);
  Check(ends == 3, "a channel that was closed waits for its receivers to leave");
  auto* full = new (place) toro::Channel<int>(1);
  (void)full->Send(1);
  threads.push_back(StartHere([&] { sent += full->Send(2) == Status::kOk ? 1 : 0; }));
  threads.push_back(StartHere([&] { ends += full->Send(3) == Status::kClosed ? 1 : 0; }));
  LetOthersRun();
  Check(full->Receive().value() == 1, "room is given to one of those who wait for it");
  full->Close();
  std::destroy_at(full);
  std::memset(place, 0, sizeof place);
  Check(sent == 1 && ends == 4, "and it waits for its senders");
  JoinAll(threads);
}

// channel.h, I2.
void ASendThatGaveUpLeavesNothing() {
  for (CpuId cpu : {toro::kBootCpu, LastCpu()}) {
    toro::Channel<int> channel(1);
    (void)channel.Send(1);
    bool comes_back = false;
    JoinAll({Start(cpu, [&] {
      auto used = [] { return toro::Statistics(toro::kBootCpu).memory.used_bytes; };
      auto give_up = [&] { return channel.Send(2, toro::DeadlineAfter(1)) == Status::kTimedOut; };
      bool all = true;
      const size_t before = used();
      for (int i = 0; i < 300; ++i) all = give_up() && all;
      // Who is listed takes 16 bytes at least. That CPU may have taken a little for something else meanwhile.
      const size_t all_listed = before + 300 * 16;
      for (int i = 0; i < 1000 && used() >= all_listed; ++i) toro::Yield();
      comes_back = all && used() < all_listed;
    })});
    Check(comes_back && channel.Receive().value() == 1 && channel.TrySend(2) == Status::kOk,
          "a channel keeps nothing of the senders that gave up");
  }
}

void AClosedUnboundedChannelTakesNothing() {
  std::atomic<int> alive{0};
  toro::Channel<Counted> channel;
  channel.Close();
  JoinAll({Start(LastCpu(), [&] {
    for (int i = 0; i < 50; ++i) (void)channel.Send(Counted(alive));
  })});
  for (int i = 0; i < 1000 && alive > 0; ++i) {
    toro::Call(LastCpu(), [] {});
    toro::Yield();
  }
  Check(alive == 0 && channel.empty() && channel.Receive().status() == Status::kClosed,
        "what comes to an unbounded channel that is closed is destroyed");
}

void AMailboxReceiverCanBeCancelled() {
  toro::Mailbox<int> nobody_sends;
  bool unwound = true;
  ThreadId thread = StartHere([&] {
    (void)nobody_sends.Receive();
    unwound = false;
  });
  LetOthersRun();
  (void)toro::Cancel(thread);
  Check(toro::Join(thread) == Status::kOk && unwound, "a thread that receives can be cancelled");
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
  AChannelKeepsOrderAndBound();
  AChannelOfLargeValues();
  ASendMayGiveUp();
  AChannelCloses();
  AReceiveMayGiveUpAndAChannelMayGo();
  AChannelMayGoWhenThreadsHaveBeenWoken();
  ASendThatGaveUpLeavesNothing();
  AClosedUnboundedChannelTakesNothing();
  AMailboxReceiverCanBeCancelled();
  AFutureHasTheValue();
  ManyCallsAreUnderWayAtOnce();
  APromiseIsKeptOrBroken();
  ALateAnswerFindsNobody();
  AWaitForAFutureCanBeCancelled();
  ABarrierLetsNobodyAhead();
  AnArrivalCanBeTakenBack();
  return contract::End();
}
