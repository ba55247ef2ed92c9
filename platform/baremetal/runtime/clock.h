// Conversions between POSIX times and nanoseconds of Machine::NowNs.
#ifndef PLATFORM_BAREMETAL_RUNTIME_CLOCK_H_
#define PLATFORM_BAREMETAL_RUNTIME_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace toro::runtime {

uint64_t NanosecondsOf(const timespec& time);

// In a thread: lets others run meanwhile. Elsewhere: waits in place.
void SleepUntilNs(uint64_t deadline_ns);

}  // namespace toro::runtime

#endif  // PLATFORM_BAREMETAL_RUNTIME_CLOCK_H_
