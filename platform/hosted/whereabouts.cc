#include "platform/hosted/whereabouts.h"

#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/units.h"
#include "core/kernel/cpu.h"
#include "platform/hosted/c_library.h"
#include "platform/hosted/executor.h"

namespace toro::hosted {
namespace {

int SignalToAsk() { return SIGRTMIN + 1; }  // SIGRTMIN is that of stall_watch.cc

std::atomic<Whereabouts*> asking{nullptr};

}  // namespace

void Whereabouts::Enter(CpuId id) {
  struct sigaction action = {};
  action.sa_sigaction = &OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction(SignalToAsk(), &action, nullptr);
  places_[id.index()].pthread.store(gettid(), std::memory_order_relaxed);
}

void Whereabouts::OnSignal(int, siginfo_t*, void* context) {
  const int error = errno;
  Whereabouts* whereabouts = asking.load(std::memory_order_acquire);
  Cpu* here = Cpu::CurrentOrNull();
  if (whereabouts != nullptr && here != nullptr) {
    Place& place = whereabouts->places_[here->id().index()];
    const greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    std::strncpy(place.thread, CurrentThreadName(), sizeof place.thread - 1);
    place.count = CollectFrames(static_cast<uint64_t>(registers[REG_RIP]),
                                reinterpret_cast<const void*>(registers[REG_RBP]), place.frames, kMostFrames);
    place.known.store(true, std::memory_order_release);
  }
  errno = error;
}

void Whereabouts::Ask() {
  asking.store(this, std::memory_order_release);
  for (Place& place : places_) {
    const pid_t pthread = place.pthread.load(std::memory_order_relaxed);
    if (pthread != 0 && pthread != gettid() && tgkill(getpid(), pthread, SignalToAsk()) == 0) place.asked = true;
  }
}

void Whereabouts::Print() {
  constexpr uint64_t kMostWaitNs = 200 * kNsPerMs;
  const uint64_t start_ns = HostClockNs(CLOCK_MONOTONIC);
  for (size_t i = 0; i < kMaxCpus; ++i) {
    Place& place = places_[i];
    if (!place.asked) continue;
    while (!place.known.load(std::memory_order_acquire) && HostClockNs(CLOCK_MONOTONIC) - start_ns < kMostWaitNs) {
      YieldToHost();
    }
    if (!place.known.load(std::memory_order_acquire)) {
      std::fprintf(stderr, "  CPU %zu did not say where it was\n", i);
      continue;
    }
    std::fprintf(stderr, "  CPU %zu was in thread %s\n", i, place.thread);
    ReportFrames(place.frames, place.count);
    if (place.count == kMostFrames) ReportText("  ... and deeper\n");
  }
}

}  // namespace toro::hosted
