// syscall(SYS_futex, ...): libstdc++'s headers call it for std::atomic::wait, std::latch, std::barrier and
// std::counting_semaphore, and its library for std::future. Here it is an ordinary function.
#include <cerrno>
#include <cstdarg>
#include <cstdint>

#include "platform/posix/outside.h"
#include "platform/posix/parking.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

constexpr long kFutexNumber = 202;
constexpr int kClockRealTime = 256;
constexpr int kCommandMask = 127;  // without the flags for private futexes and for the clock
constexpr int kWait = 0;           // the timeout is a duration
constexpr int kWake = 1;
constexpr int kWaitBitset = 9;  // the timeout is a point in time
constexpr int kWakeBitset = 10;

long Fail(int error) {
  errno = error;
  return -1;
}

long Wait(const uint32_t* word, uint32_t value, uint64_t deadline_ns) {
  switch (Park(word, value, deadline_ns)) {
    case ParkResult::kChanged: return Fail(EAGAIN);
    case ParkResult::kTimedOut: return Fail(ETIMEDOUT);
    default: return 0;
  }
}

long Futex(const uint32_t* word, int operation, uint32_t value, const timespec* timeout) {
  int command = operation & kCommandMask;
  if (command == kWake || command == kWakeBitset) return static_cast<long>(Unpark(word, value));
  if (command != kWait && command != kWaitBitset) return Fail(ENOSYS);
  if (timeout == nullptr) return Wait(word, value, kNever);
  if (!ValidTime(*timeout)) return Fail(EINVAL);
  if (command == kWait) return Wait(word, value, DeadlineAfter(NanosecondsOf(*timeout)));
  clockid_t clock = (operation & kClockRealTime) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  return Wait(word, value, DeadlineOf(clock, *timeout));
}

}  // namespace
}  // namespace toro::posix

extern "C" long syscall(long number, ...) noexcept {
  va_list arguments;
  va_start(arguments, number);
  long result;
  if (number == toro::posix::kFutexNumber && toro::Scheduler::CurrentOrNull() != nullptr) {
    auto* word = va_arg(arguments, const uint32_t*);
    int operation = va_arg(arguments, int);
    auto value = va_arg(arguments, uint32_t);
    result = toro::posix::Futex(word, operation, value, va_arg(arguments, const timespec*));
  } else {
    result = toro::posix::outside::SystemCall(number, arguments);
  }
  va_end(arguments);
  return result;
}
