// Violation: how a checker of the simulator ends the run.
#ifndef PLATFORM_SIMULATOR_VIOLATION_H_
#define PLATFORM_SIMULATOR_VIOLATION_H_

namespace toro::simulator {

// Reports, as a check of the kernel does, that `rule` (ownership, conservation, ...) does not hold. Takes no memory.
[[noreturn, gnu::cold, gnu::format(printf, 2, 3)]] void Violation(const char* rule, const char* format, ...);

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_VIOLATION_H_
