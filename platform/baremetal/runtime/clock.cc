// Time for C and C++: every clock is the machine's monotonic one. There is no calendar: real time starts at 1970.
#include <sys/time.h>
#include <time.h>

#include <cerrno>
#include <cstdint>

#include "core/base/units.h"
#include "core/kernel/cpu.h"
#include "core/machine/machine.h"
#include "platform/baremetal/runtime/clock.h"
#include "platform/baremetal/runtime/cross_cpu_lock.h"

namespace toro::runtime {

uint64_t NanosecondsOf(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

void SleepUntilNs(uint64_t deadline_ns) {
  Cpu* here = Cpu::CurrentOrNull();
  if (here != nullptr && here->scheduler().MayBlock()) {
    (void)Scheduler::SleepUntil(deadline_ns);
    return;
  }
  while (Machine::NowNs() < deadline_ns) Machine::Relax();
}

}  // namespace toro::runtime

using toro::kNsPerSecond;

namespace {

bool Valid(const timespec& time) {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(kNsPerSecond);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t, struct timespec* time) noexcept {
  uint64_t now_ns = toro::Machine::NowNs();
  time->tv_sec = static_cast<time_t>(now_ns / kNsPerSecond);
  time->tv_nsec = static_cast<long>(now_ns % kNsPerSecond);
  return 0;
}

int __clock_gettime(clockid_t clock, struct timespec* time) { return clock_gettime(clock, time); }

int clock_getres(clockid_t, struct timespec* resolution) noexcept {
  if (resolution != nullptr) *resolution = {0, 1};
  return 0;
}

int gettimeofday(struct timeval* time, void*) noexcept {
  uint64_t now_ns = toro::Machine::NowNs();
  *time = {static_cast<time_t>(now_ns / kNsPerSecond),
           static_cast<suseconds_t>(now_ns % kNsPerSecond / toro::kNsPerUs)};
  return 0;
}

time_t time(time_t* result) noexcept {
  time_t now = static_cast<time_t>(toro::Machine::NowNs() / kNsPerSecond);
  if (result != nullptr) *result = now;
  return now;
}

clock_t clock() noexcept { return static_cast<clock_t>(toro::Machine::NowNs() / toro::kNsPerUs); }

int clock_nanosleep(clockid_t, int flags, const struct timespec* time, struct timespec*) {
  if (!Valid(*time)) return EINVAL;
  uint64_t start_ns = (flags & TIMER_ABSTIME) != 0 ? 0 : toro::Machine::NowNs();
  toro::runtime::SleepUntilNs(start_ns + toro::runtime::NanosecondsOf(*time));
  return 0;
}

int nanosleep(const struct timespec* duration, struct timespec* rest) {
  if (int error = clock_nanosleep(CLOCK_MONOTONIC, 0, duration, rest)) {
    errno = error;
    return -1;
  }
  return 0;
}

int usleep(unsigned duration_us) {
  toro::runtime::SleepUntilNs(toro::Machine::NowNs() + duration_us * toro::kNsPerUs);
  return 0;
}

unsigned sleep(unsigned duration_s) {
  toro::runtime::SleepUntilNs(toro::Machine::NowNs() + duration_s * kNsPerSecond);
  return 0;
}

int sched_yield() noexcept {
  toro::runtime::WaitALittle();
  return 0;
}

}  // extern "C"
