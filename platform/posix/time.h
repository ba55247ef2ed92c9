// Times of POSIX and deadlines of the kernel.
#ifndef PLATFORM_POSIX_TIME_H_
#define PLATFORM_POSIX_TIME_H_

#include <time.h>

#include <cstdint>

#include "core/base/units.h"
#include "core/machine/machine.h"

namespace toro::posix {

// What CLOCK_REALTIME shows is Machine::NowNs() plus this; from the platform. Any context.
uint64_t RealTimeOffsetNs();

inline bool ValidTime(const timespec& time) {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(kNsPerSecond);
}

// Of a valid time; what does not fit is for ever.
inline uint64_t NanosecondsOf(const timespec& time) {
  uint64_t seconds = static_cast<uint64_t>(time.tv_sec);
  if (seconds >= kNever / kNsPerSecond) return kNever;
  return seconds * kNsPerSecond + static_cast<uint64_t>(time.tv_nsec);
}

// The deadline on the clock of Machine::NowNs at which `clock` shows `time`.
inline uint64_t DeadlineOf(clockid_t clock, const timespec& time) {
  uint64_t at_ns = NanosecondsOf(time);
  if (clock != CLOCK_REALTIME || at_ns == kNever) return at_ns;
  uint64_t offset_ns = RealTimeOffsetNs();
  return at_ns > offset_ns ? at_ns - offset_ns : 0;
}

inline uint64_t DeadlineAfter(uint64_t duration_ns) {
  uint64_t now_ns = Machine::NowNs();
  return duration_ns < kNever - now_ns ? now_ns + duration_ns : kNever;
}

}  // namespace toro::posix

#endif  // PLATFORM_POSIX_TIME_H_
