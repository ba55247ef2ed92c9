// Requests about threads that do not stay: control.cc says why each finds its thread.
#include <atomic>
#include <vector>

#include "core/kernel/future.h"
#include "tests/contract/threads/parts.h"

namespace contract {
namespace {

using toro::CpuId;
using toro::Status;
using toro::ThreadId;

// control.cc: a request finds a thread that migrates all the time, does its work once, and ends.
struct Walker {
  std::atomic<uint64_t> hops{0};
  ThreadId id;
};

void Walk(Walker& walker, size_t stride) {
  for (uint64_t i = 0;; ++i) {
    size_t next = (toro::CurrentCpu().index() + stride + i % 2) % toro::CpuCount();
    (void)toro::Migrate(CpuId{next});
    ++walker.hops;
    if (i % 4 == 0 || next == toro::CurrentCpu().index()) toro::Yield();
  }
}

bool StopAndGo(Walker& walker, int times) {
  bool right = true;
  for (int i = 0; i < times; ++i) {
    right = right && toro::Suspend(walker.id) == Status::kOk;
    const uint64_t hops = walker.hops;
    for (int look = 0; look < 3; ++look) {
      toro::Yield();
      toro::Call(CpuId{static_cast<size_t>(i + look) % toro::CpuCount()}, [] {});
    }
    right = right && walker.hops == hops && toro::Suspend(walker.id) == Status::kSuspended;
    right = right && toro::Resume(walker.id) == Status::kOk;
    while (walker.hops == hops) toro::Yield();
  }
  return right;
}

}  // namespace

void RequestsFindThreadsThatMigrate() {
  constexpr size_t kWalkers = 6;
  constexpr int kTimes = 20;
  Shared destroyed = 0, right = 0;
  std::vector<Walker> walkers(kWalkers);
  std::vector<ThreadId> controllers;
  for (size_t i = 0; i < kWalkers; ++i) {
    walkers[i].id = toro::Spawn(CpuId{i % toro::CpuCount()}, [&, i] {
                      Destroyed here(destroyed);
                      Walk(walkers[i], 1 + i % 3);
                    }).value();
  }
  for (size_t i = 0; i < kWalkers; ++i) {
    controllers.push_back(toro::Spawn(CpuId{(i * 5 + 1) % toro::CpuCount()}, [&, i] {
                            if (StopAndGo(walkers[i], kTimes)) ++right;
                          }).value());
  }
  for (ThreadId controller : controllers) (void)toro::Join(controller);
  Check(right == static_cast<int>(kWalkers), "threads that migrate all the time can be suspended and resumed");
  bool ended = true;
  for (size_t i = 0; i < kWalkers; ++i) {
    if (i % 2 == 1) ended = ended && toro::Suspend(walkers[i].id) == Status::kOk;
    ended = ended && toro::Cancel(walkers[i].id) == Status::kOk;
    ended = ended && toro::Join(walkers[i].id) == Status::kOk;
  }
  Check(ended && destroyed == static_cast<int>(kWalkers), "and cancelled, and joined");
}

// Many ask the same thread at once: each request is answered, and the answers agree.
void RequestsToOneThreadAgree() {
  Shared destroyed = 0, suspends = 0, resumes = 0;
  Walker walker;
  walker.id = toro::Spawn(LastCpu(), [&] {
                Destroyed here(destroyed);
                Walk(walker, 1);
              }).value();
  std::vector<ThreadId> controllers;
  for (size_t i = 0; i < 8; ++i) {
    controllers.push_back(toro::Spawn(CpuId{i % toro::CpuCount()}, [&] {
                            for (int n = 0; n < 25; ++n) {
                              if (toro::Suspend(walker.id) == Status::kOk) ++suspends;
                              if (toro::Resume(walker.id) == Status::kOk) ++resumes;
                            }
                          }).value());
  }
  for (ThreadId controller : controllers) (void)toro::Join(controller);
  if (toro::Resume(walker.id) == Status::kOk) ++resumes;
  Check(suspends > 0 && suspends == resumes, "every suspend that succeeded was undone by one resume");
  Shared first = 0;
  controllers.clear();
  for (size_t i = 0; i < 4; ++i) {
    controllers.push_back(toro::Spawn(CpuId{i % toro::CpuCount()}, [&] {
                            if (toro::Cancel(walker.id) == Status::kOk) ++first;
                          }).value());
  }
  for (ThreadId controller : controllers) (void)toro::Join(controller);
  Check(toro::Join(walker.id) == Status::kOk && first == 1 && destroyed == 1, "one cancel of many is the first");
}

// line_queue.h, I1: requests stay behind the threads that they follow when the channels are full.
void RequestsFindThreadsBehindFullChannels() {
  std::atomic<bool> stop{false};
  std::vector<ThreadId> senders;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    senders.push_back(toro::Spawn(CpuId{i}, [&stop] {
                        // Each call that nobody waits for is a line that waits when the channel is full. The last one
                        // is answered behind them: no more than these wait, however slow the other CPU is.
                        while (!stop) {
                          for (size_t to = 0; to < toro::CpuCount(); ++to) {
                            for (int n = 0; n < 100; ++n) (void)toro::CallAsync(CpuId{to}, [] {});
                            toro::Call(CpuId{to}, [] {});
                          }
                          toro::Yield();
                        }
                      }).value());
  }
  Shared destroyed = 0;
  Walker walker;
  walker.id = toro::Spawn(LastCpu(), [&] {
                Destroyed here(destroyed);
                Walk(walker, 1);
              }).value();
  const bool right = StopAndGo(walker, 5);
  Check(right && toro::Cancel(walker.id) == Status::kOk && toro::Join(walker.id) == Status::kOk && destroyed == 1,
        "threads that migrate are found when every channel is full");
  stop = true;
  for (ThreadId sender : senders) (void)toro::Join(sender);
}

}  // namespace contract
