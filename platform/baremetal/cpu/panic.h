// Panic: how the machine stops when something that cannot be survived has happened.
//
// ORDER of events, on the CPU that fails: mask interrupts; become the one that reports; stop all other CPUs by NMI;
// print cause, CPU, thread, registers, backtrace; power off with status 134.
//
// INVARIANTS
//   I1. One CPU reports. Others that fail meanwhile halt.
//   I2. A fault inside of the report ends the report, not the power off.
//   I3. Nothing here allocates, locks, or reads memory that the page tables do not map.
#ifndef PLATFORM_BAREMETAL_CPU_PANIC_H_
#define PLATFORM_BAREMETAL_CPU_PANIC_H_

#include <cstdint>
#include <string_view>

#include "core/base/cpu_id.h"

namespace toro {

// What the core knows and the platform does not (core/kernel/cpu.h). Weak: an image without a core has neither.
[[gnu::weak]] const char* DescribeFaultAddress(uintptr_t address);
[[gnu::weak]] const char* CurrentThreadName();
[[gnu::weak]] bool StackOfThread(uintptr_t& low, uintptr_t& top);
[[gnu::weak]] bool IsStackOverflow(uintptr_t address, uintptr_t sp);

[[gnu::weak]] void NoteFault(unsigned vector, uintptr_t instruction, uintptr_t address);
[[gnu::weak]] void PrintTrace(void (*print)(std::string_view text));
[[gnu::weak]] const char* ThreadNameOf(CpuId cpu);
[[gnu::weak]] bool NoteShutdownRequest();

struct FaultRecord;

namespace baremetal {

// The exit status of a kernel that failed: what a shell reports of abort().
inline constexpr int kPanicStatus = 134;

// Begins a report. Returns on the one CPU that may print it.
void BeginPanic();

// Whether the calling CPU is the one that reports.
bool IsReporting();

// Prints CPU `cpu` and the thread that runs on the calling one, then `end`, and ends the line.
void PrintWhere(CpuId cpu, std::string_view end = {});

// Prints the functions that led to `frame` (a frame pointer), after `ip` if that is not 0.
inline constexpr int kMostBacktraceLines = 48;
void PrintBacktrace(uint64_t ip, uint64_t frame, int most_lines = kMostBacktraceLines);

// Prints the functions that `count` recorded addresses lie in.
void PrintFrames(const uint64_t* addresses, uint64_t count);

// Remembers where the calling CPU was, for the CPU that reports, and halts for ever.
[[noreturn]] void HaltForReport(uint64_t ip, uint64_t frame);

// After StopOtherCpus: returns when every other CPU stands still, but soon: one may not take NMIs any more, or not run
// yet.
void WaitForStoppedCpus();

// Prints where the other CPUs were when they were stopped, and the last events of each CPU; powers off.
[[noreturn]] void EndPanic();

// The report of a fault that became an exception which nobody caught, with the addresses of the code that led to it.
// Any context.
[[noreturn]] void ReportUncaughtFault(const FaultRecord& record, const uint64_t* frames, uint64_t frame_count);

// CheckFailed with a recorded backtrace.
[[noreturn]] void ReportUncaughtException(const char* text, const uint64_t* frames, uint64_t frame_count);

// A boot failure that a user can mend: one line, then power off with status 1. The parts are printed one after another.
[[noreturn]] void RefuseToBoot(std::string_view cause, std::string_view detail = {}, std::string_view remedy = {});

}  // namespace baremetal
}  // namespace toro

#endif  // PLATFORM_BAREMETAL_CPU_PANIC_H_
