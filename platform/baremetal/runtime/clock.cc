// Time for C and C++. The calendar is read from the CMOS clock when somebody first asks for it, and the machine's
// monotonic clock goes on from there.
#include <sys/time.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "core/base/units.h"
#include "core/machine/machine.h"
#include "drivers/reg/io_ports.h"
#include "drivers/rtc/cmos_clock.h"
#include "platform/posix/parking.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

constexpr uint64_t kUnknown = ~uint64_t{0};

constinit std::atomic<uint64_t> real_time_offset_ns{kUnknown};
constinit SpinLock cmos_lock;

}  // namespace

// A machine without a CMOS clock: time starts in 1970 with the machine.
uint64_t RealTimeOffsetNs() {
  uint64_t offset_ns = real_time_offset_ns.load(std::memory_order_acquire);
  if (__builtin_expect(offset_ns != kUnknown, 1)) return offset_ns;
  SpinLockHolder holder(cmos_lock);
  offset_ns = real_time_offset_ns.load(std::memory_order_acquire);
  if (offset_ns != kUnknown) return offset_ns;
  reg::IoPorts ports;
  uint64_t real_ns = rtc::CmosClock(ports).ReadSeconds() * kNsPerSecond;
  uint64_t now_ns = Machine::NowNs();
  offset_ns = real_ns > now_ns ? real_ns - now_ns : 0;
  real_time_offset_ns.store(offset_ns, std::memory_order_release);
  return offset_ns;
}

}  // namespace toro::posix

using toro::kNsPerSecond;

namespace {

// CLOCK_REALTIME and its coarse sibling show the calendar; all others count from the start of the machine.
uint64_t Show(clockid_t clock) {
  bool calendar = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  return toro::Machine::NowNs() + (calendar ? toro::posix::RealTimeOffsetNs() : 0);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  uint64_t now_ns = Show(clock);
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
  uint64_t now_ns = Show(CLOCK_REALTIME);
  *time = {static_cast<time_t>(now_ns / kNsPerSecond),
           static_cast<suseconds_t>(now_ns % kNsPerSecond / toro::kNsPerUs)};
  return 0;
}

time_t time(time_t* result) noexcept {
  time_t now = static_cast<time_t>(Show(CLOCK_REALTIME) / kNsPerSecond);
  if (result != nullptr) *result = now;
  return now;
}

clock_t clock() noexcept { return static_cast<clock_t>(toro::Machine::NowNs() / toro::kNsPerUs); }

}  // extern "C"
