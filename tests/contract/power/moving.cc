// Threads that may move go at their yields, and nowhere else: what waits goes on where it waited.
#include <atomic>
#include <vector>

#include "core/kernel/channel.h"
#include "core/kernel/future.h"
#include "core/kernel/toro.h"
#include "core/sched/mutex.h"
#include "tests/contract/contract.h"
#include "tests/contract/power/parts.h"

namespace contract {
namespace {

using toro::CpuId;
using toro::Status;

constexpr int kThreads = 30;
constexpr int kRounds = 6;
constexpr int kCalls = 100;  // more than wait in a line without making the caller wait

// What the threads of one round saw.
struct Seen {
  std::atomic<bool> elsewhere{false};
  std::atomic<bool> moved_in_a_wait{false};
  std::atomic<bool> wrong{false};
  std::atomic<int> ended{0};
};

CpuId CpuAfter(CpuId cpu) { return CpuId{(cpu.index() + 1) % toro::CpuCount()}; }

bool CallReturns(CpuId other) {
  return toro::Call(other, [] { return toro::CurrentCpu(); }) == other;
}

bool ManyCallsReturn(CpuId other) {
  std::vector<toro::Future<int>> futures;
  futures.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) futures.push_back(toro::CallAsync(other, [i] { return i; }));
  bool right = true;
  for (int i = 0; i < kCalls; ++i) right = right && futures[i].Get().value() == i;
  return right;
}

bool JoinReturns(CpuId cpu) {
  auto thread = toro::Spawn(cpu, [] { toro::Yield(); });
  return thread.ok() && toro::Join(thread.value()) == Status::kOk;
}

bool JoinGivesUp(CpuId cpu) {
  auto thread = toro::Spawn(cpu, [] { toro::SleepFor(50 * toro::kNsPerUs); });
  if (!thread.ok()) return false;
  const Status first = toro::Join(thread.value(), toro::DeadlineAfter(20 * toro::kNsPerUs));
  return first == Status::kOk || toro::Join(thread.value()) == Status::kOk;
}

bool ReceiveReturns(CpuId other) {
  toro::Channel<int> channel;
  auto sender = toro::Spawn(other, [&channel] { (void)channel.Send(7); });
  const bool right = sender.ok() && channel.Receive().value() == 7;
  return right && toro::Join(sender.value()) == Status::kOk;
}

bool CondVarReturns(CpuId here) {
  toro::Mutex mutex;
  toro::CondVar changed;
  toro::MutexHolder holder(mutex);
  auto notifier = toro::Spawn(here, [&changed] { changed.NotifyOne(); });
  const bool right = notifier.ok() && changed.Wait(mutex) == Status::kOk && mutex.HeldByCurrentThread();
  return right && toro::Join(notifier.value()) == Status::kOk;
}

bool MigrateArrives(CpuId to) { return toro::Migrate(to) == Status::kOk && toro::CurrentCpu() == to; }

// Each kind of wait, and then a yield. Goes on until some thread was elsewhere, if there is another CPU.
void WaitAndYield(Seen& seen) {
  auto check = [&seen](bool right, CpuId cpu) {
    if (!right) seen.wrong.store(true, std::memory_order_relaxed);
    if (toro::CurrentCpu() != cpu) seen.moved_in_a_wait.store(true, std::memory_order_relaxed);
  };
  for (int i = 0; i < kRounds || (toro::CpuCount() > 1 && !seen.elsewhere.load(std::memory_order_relaxed)); ++i) {
    const CpuId here = toro::CurrentCpu();
    const CpuId other = CpuAfter(here);
    check(CallReturns(other), here);
    check(JoinReturns(other), here);
    check(JoinReturns(here), here);
    check(JoinGivesUp(other), here);
    check(ReceiveReturns(other), here);
    check(CondVarReturns(here), here);
    if (i == 0) check(ManyCallsReturn(other), here);
    toro::SleepFor(toro::kNsPerUs);
    check(true, here);
    toro::Yield();
    if (toro::CurrentCpu() != here) seen.elsewhere.store(true, std::memory_order_relaxed);
    const CpuId to = CpuAfter(toro::CurrentCpu());
    if (i % 2 == 1) check(MigrateArrives(to), to);
  }
  seen.ended.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void AThreadThatMayMoveWaitsWhereItIs() {
  SetAllTakeWork(true);
  Seen seen;
  std::vector<toro::ThreadId> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.push_back(toro::Spawn(toro::kBootCpu, [&seen] { WaitAndYield(seen); }, {.may_move = true}).value());
  }
  bool joined = true;
  for (toro::ThreadId thread : threads) joined = joined && toro::Join(thread) == Status::kOk;
  SetAllTakeWork(false);
  Check(joined && seen.ended.load() == kThreads, "threads that may move, wait and yield run to their end");
  Check(!seen.moved_in_a_wait.load(), "a thread that may move goes on where it waited, or where it migrated to");
  Check(!seen.wrong.load(), "what it waited for is right");
}

}  // namespace contract
