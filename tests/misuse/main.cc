// misuse: does with threads what its argument names and nobody should, so that tests can look at the report. In both
// worlds. cases.txt has the arguments, and what each report must contain.
#include <cstdio>
#include <cstring>

#include "core/kernel/allocation.h"
#include "core/kernel/barrier.h"
#include "core/kernel/channel.h"
#include "core/kernel/future.h"
#include "core/kernel/toro.h"
#include "core/sched/mutex.h"
#include "core/sched/semaphore.h"

namespace {

using toro::CpuId;
using toro::kBootCpu;

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }

template <typename Function>
void InAnotherThread(CpuId cpu, Function function) {
  auto thread = toro::Spawn(cpu, std::move(function), {.name = "clumsy"});
  (void)toro::Join(thread.value());
}

int Do(const char* what) {
  auto is = [what](const char* name) { return std::strcmp(what, name) == 0; };
  if (is("lock-twice")) {
    toro::Mutex mutex;
    mutex.Lock();
    mutex.Lock();
  }
  if (is("unlock-of-another")) {
    toro::Mutex mutex;
    mutex.Lock();
    InAnotherThread(kBootCpu, [&] { mutex.Unlock(); });
  }
  if (is("unlock-of-nobody")) {
    toro::Mutex mutex;
    mutex.Unlock();
  }
  if (is("mutex-of-another-cpu")) {
    toro::Mutex mutex;
    InAnotherThread(LastCpu(), [&] { mutex.Lock(); });
  }
  if (is("event-of-another-cpu")) {
    toro::Event event;
    InAnotherThread(LastCpu(), [&] { event.Set(); });
  }
  if (is("semaphore-after-migration")) {
    toro::Semaphore semaphore(1);
    (void)toro::Migrate(LastCpu());
    semaphore.Release();
  }
  if (is("end-with-mutex")) {
    static toro::Mutex mutex;
    InAnotherThread(kBootCpu, [] { mutex.Lock(); });
  }
  if (is("destroy-held-mutex")) {
    toro::Mutex mutex;
    mutex.Lock();
  }
  if (is("wait-without-mutex")) {
    toro::Mutex mutex;
    toro::CondVar condition;
    (void)condition.Wait(mutex);
  }
  if (is("destroy-semaphore")) {
    auto* semaphore = new toro::Semaphore(0);
    (void)toro::Spawn(kBootCpu, [semaphore] { (void)semaphore->Acquire(); });
    toro::Yield();
    delete semaphore;
  }
  if (is("destroy-channel")) {
    auto* channel = new toro::Channel<int>(1);
    (void)toro::Spawn(kBootCpu, [channel] { (void)channel->Receive(); });
    toro::Yield();
    delete channel;
  }
  if (is("destroy-barrier")) {
    auto* barrier = new toro::Barrier(2);
    (void)toro::Spawn(kBootCpu, [barrier] { (void)barrier->Arrive(); });
    toro::Yield();
    delete barrier;
  }
  if (is("channel-without-room")) toro::Channel<int> channel(0);
  if (is("barrier-for-nobody")) toro::Barrier barrier(0);
  if (is("receive-elsewhere")) {
    toro::Channel<int> channel;
    InAnotherThread(LastCpu(), [&] { (void)channel.Receive(); });
  }
  if (is("future-elsewhere")) {
    auto [promise, future] = toro::Promise<int>::Make();
    InAnotherThread(LastCpu(), [&future] { (void)future.Get(); });
  }
  if (is("promise-twice")) {
    auto [promise, future] = toro::Promise<int>::Make();
    (void)promise.Set(1);
    (void)promise.Set(2);
  }
  if (is("semaphore-in-handler")) {
    toro::Call(LastCpu(), [] {
      toro::Semaphore semaphore(0);
      (void)semaphore.Acquire();
    });
  }
  if (is("join-in-handler")) {
    const toro::ThreadId self = toro::CurrentThread();
    toro::Call(LastCpu(), [self] { (void)toro::Join(self); });
  }
  if (is("cancel-in-handler")) {
    const toro::ThreadId self = toro::CurrentThread();
    toro::Call(LastCpu(), [self] { (void)toro::Cancel(self); });
  }
  if (is("odd-alignment")) (void)toro::AllocateAlignedBytes(100, static_cast<size_t>(std::strlen(what)) * 2);
  if (is("free-stack")) {
    volatile int local = 0;
    toro::FreeBytes(const_cast<int*>(&local));
  }
  if (is("free-stack-of-another-cpu")) {
    InAnotherThread(LastCpu(), [stack = &what] { toro::FreeBytes(const_cast<const char**>(stack)); });
    for (;;) toro::Yield();  // it is on its way home
  }
  if (is("future-of-a-cpu-that-fails")) {
    auto future = toro::CallAsync(LastCpu(), [] { toro::SleepFor(1); });
    (void)future.Get();
  }
  if (is("call-nowhere")) toro::Call(CpuId{toro::CpuCount()}, [] {});
  std::printf("misuse: nothing is wrong with '%s'\n", what);
  return 2;
}

}  // namespace

int main(int argc, char** argv) { return Do(argc == 2 ? argv[1] : "(none)"); }
