// syscall(SYS_futex, ...): libstdc++'s headers call it for std::atomic::wait, std::latch, std::barrier and
// std::counting_semaphore.
//
// It is an ordinary function here: a waiter yields until the word has changed, so there is nobody to wake.
#include <cerrno>
#include <cstdarg>
#include <cstdint>

#include "core/base/units.h"
#include "core/machine/machine.h"
#include "platform/baremetal/runtime/clock.h"
#include "platform/baremetal/runtime/cross_cpu_lock.h"

namespace {

constexpr long kFutexNumber = 202;
constexpr int kCommandMask = 127;  // without the flags for private futexes and for the clock
constexpr int kWait = 0;           // the timeout is a duration
constexpr int kWake = 1;
constexpr int kWaitBitset = 9;  // the timeout is a point in time

long Fail(int error) {
  errno = error;
  return -1;
}

long Wait(const uint32_t* word, uint32_t value, uint64_t deadline_ns) {
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
    if (deadline_ns != toro::kNever && toro::Machine::NowNs() >= deadline_ns) return Fail(ETIMEDOUT);
    toro::runtime::WaitALittle();
  }
  return 0;
}

}  // namespace

extern "C" long syscall(long number, ...) noexcept {
  if (number != kFutexNumber) return Fail(ENOSYS);
  va_list arguments;
  va_start(arguments, number);
  auto* word = va_arg(arguments, const uint32_t*);
  int command = va_arg(arguments, int) & kCommandMask;
  auto value = va_arg(arguments, uint32_t);
  if (command == kWake) return 0;
  if (command != kWait && command != kWaitBitset) return Fail(ENOSYS);
  auto* timeout = va_arg(arguments, const timespec*);
  va_end(arguments);
  if (timeout == nullptr) return Wait(word, value, toro::kNever);
  uint64_t start_ns = command == kWait ? toro::Machine::NowNs() : 0;
  return Wait(word, value, start_ns + toro::runtime::NanosecondsOf(*timeout));
}
