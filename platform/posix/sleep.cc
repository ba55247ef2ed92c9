// Sleeping and yielding: std::this_thread::sleep_for, sleep_until, yield, and their C kin. A sleep is a wait for a word
// that nobody changes: the CPU runs others meanwhile, or halts.
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "platform/posix/outside.h"
#include "platform/posix/thread_record.h"
#include "platform/posix/time.h"

namespace toro::posix {
namespace {

bool OnThread() {
  Scheduler* here = Scheduler::CurrentOrNull();
  return here != nullptr && here->MayBlock();
}

// A cancellation point.
void SleepUntilNs(uint64_t deadline_ns) {
  if (!OnThread()) return outside::SleepUntilNs(deadline_ns);
  const uint32_t nobody = 0;
  for (ParkResult result = ParkResult::kWoken; result != ParkResult::kTimedOut;) {
    EndIfCancelled();
    result = CancellablePark(&nobody, 0, deadline_ns);
  }
}

}  // namespace
}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

// There are no signals that could end a sleep early: `rest` is never written.
int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time, struct timespec*) {
  if (!ValidTime(*time) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)) return EINVAL;
  SleepUntilNs((flags & TIMER_ABSTIME) != 0 ? DeadlineOf(clock, *time) : DeadlineAfter(NanosecondsOf(*time)));
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
  SleepUntilNs(DeadlineAfter(duration_us * toro::kNsPerUs));
  return 0;
}

unsigned sleep(unsigned duration_s) {
  SleepUntilNs(DeadlineAfter(duration_s * toro::kNsPerSecond));
  return 0;
}

int sched_yield() noexcept {
  OnThread() ? (void)toro::Scheduler::Yield() : outside::Yield();
  return 0;
}

}  // extern "C"
