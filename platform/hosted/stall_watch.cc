// WatchForStalls: a timer of each pthread that counts the CPU time of that pthread alone, and a signal to itself.
//
// WHY CPU time. A CPU that rests takes none, so it gets no signal; and one that the host keeps waiting is not stuck.
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "core/base/units.h"
#include "core/machine/machine.h"
#include "core/machine/platform_services.h"
#include "platform/hosted/executor.h"

namespace toro {

[[gnu::weak]] uint64_t CurrentProgress();  // core/kernel/cpu.h; a program without a core has none

namespace hosted {
namespace {

constexpr int kStatus = 134;  // of a check that failed

// Of the pthread that reads it. The deterministic executor has one for all its CPUs: `cpu` says whose progress was
// seen.
struct StallWatch {
  timer_t timer = nullptr;
  bool has_timer = false;
  bool powers_off = false;
  bool reported = false;
  uint64_t bound_ns = 0;
  const void* cpu = nullptr;
  uint64_t progress = platform::kCpuRests;
  uint64_t ticks = 0;  // for how many the progress has been the same
};
thread_local StallWatch watch;

void Report(const StallWatch& seen, const greg_t* registers) {
  char text[96];
  std::snprintf(text, sizeof text, "stall: this thread has not yielded for %llu ms\n",
                static_cast<unsigned long long>(seen.ticks * seen.bound_ns / kNsPerMs));
  if (seen.powers_off) BeginReport(kStatus);
  ReportText(seen.powers_off ? "toro: fatal: " : "toro: ");
  ReportText(text);
  ReportWhere("");
  ReportFramesFrom(static_cast<uint64_t>(registers[REG_RIP]), reinterpret_cast<const void*>(registers[REG_RBP]));
  if (seen.powers_off) EndReport(kStatus);
}

void OnTick(int, siginfo_t*, void* context) {
  uint64_t progress = CurrentProgress != nullptr ? CurrentProgress() : platform::kCpuRests;
  const void* cpu = Backend::CurrentCpuAnchor();
  if (progress == platform::kCpuRests || progress != watch.progress || cpu != watch.cpu) {
    watch.progress = progress;
    watch.cpu = cpu;
    watch.ticks = 0;
    watch.reported = false;
    return;
  }
  ++watch.ticks;
  if (watch.reported) return;
  watch.reported = true;
  Report(watch, static_cast<ucontext_t*>(context)->uc_mcontext.gregs);
}

void MakeTimer() {
  struct sigaction action = {};
  action.sa_sigaction = &OnTick;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction(SIGRTMIN, &action, nullptr);
  struct sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGRTMIN;
  event._sigev_un._tid = gettid();
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch.timer) != 0) {
    Die(1, "cannot watch for stalls: the host gives no timer of CPU time: %s", std::strerror(errno));
  }
  watch.has_timer = true;
}

uint64_t asked_bound_ns = 0;
platform::StallPolicy asked_policy = platform::StallPolicy::kReport;

}  // namespace

void AskForStallWatch(uint64_t bound_ns, platform::StallPolicy policy) {
  asked_bound_ns = bound_ns;
  asked_policy = policy;
}

void BeginStallWatch() { platform::WatchForStalls(asked_bound_ns, asked_policy); }

}  // namespace hosted

namespace platform {

void WatchForStalls(uint64_t bound_ns, StallPolicy policy) {
  using namespace hosted;
  if (!watch.has_timer) {
    if (bound_ns == 0) return;
    MakeTimer();
  }
  watch.powers_off = policy == StallPolicy::kPowerOff;
  watch.bound_ns = bound_ns;
  itimerspec times = {};
  times.it_value.tv_sec = times.it_interval.tv_sec = static_cast<time_t>(bound_ns / kNsPerSecond);
  times.it_value.tv_nsec = times.it_interval.tv_nsec = static_cast<long>(bound_ns % kNsPerSecond);
  timer_settime(watch.timer, 0, &times, nullptr);
}

}  // namespace platform
}  // namespace toro
