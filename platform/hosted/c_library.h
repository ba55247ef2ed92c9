// Functions of the hosting C library that applications get from platform/posix instead, for the platform's own use.
#ifndef PLATFORM_HOSTED_C_LIBRARY_H_
#define PLATFORM_HOSTED_C_LIBRARY_H_

#include <time.h>

#include <cstdint>

namespace toro::hosted {

// Nanoseconds of a clock of the host.
uint64_t HostClockNs(clockid_t clock);

// sched_yield of the host.
void YieldToHost();

// FUTEX_WAKE and FUTEX_WAIT_BITSET of the host, private to the process. `deadline_ns` on CLOCK_MONOTONIC, or kNever.
void WakeHostFutex(uint32_t* word);
void WaitOnHostFutex(uint32_t* word, uint32_t expected, uint64_t deadline_ns);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_C_LIBRARY_H_
