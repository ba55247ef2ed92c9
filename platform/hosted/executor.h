// Executor: who runs the CPUs of a hosted cluster, and what their sleep and their clock are.
#ifndef PLATFORM_HOSTED_EXECUTOR_H_
#define PLATFORM_HOSTED_EXECUTOR_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/cpu_id.h"
#include "core/machine/platform_services.h"

namespace toro::hosted {

class Executor {
 public:
  virtual ~Executor() = default;

  virtual void WakeCpu(CpuId cpu) = 0;
  virtual void HaltCpu(uint64_t deadline_ns) = 0;
  // As WakeCpu, from a signal handler.
  virtual void WakeBySignal(CpuId cpu) { WakeCpu(cpu); }

  // Nanoseconds of the clock that the CPUs see.
  virtual uint64_t NowNs() = 0;

  // Is time virtual, and the order chosen by a seed?
  virtual bool deterministic() const { return false; }

  // Called between two polls of a wait.
  virtual void Relax() = 0;

  // For the fatal report: asks the CPUs beside the calling one where they are; and prints it.
  virtual void AskOthers() {}
  virtual void ReportOthers() {}

  // Runs before the process ends with `status`.
  virtual void BeforePowerOff(int status) {}

  // Says on standard error which run this is; the last lines of a fatal report.
  virtual void ReportRun() {}
};

// The executor of this process. Until SetExecutor: real time, and nobody to wake.
Executor& CurrentExecutor();
void SetExecutor(Executor& executor);

// Writes into `text` which CPU and thread run now, for fatal reports. Set by the composition root; may be null.
extern void (*describe_current)(char* text, size_t bytes);

// What BeginStallWatch, which each pthread calls that runs CPUs, passes to platform::WatchForStalls.
void AskForStallWatch(uint64_t bound_ns, platform::StallPolicy policy);
void BeginStallWatch();

// Prints the last events of every CPU, for fatal reports. Set by the composition root; may be null.
extern void (*report_trace)(void (*print)(std::string_view text));

// Writes the recorded trace to its file, before the process ends in whatever way. Set by the composition root; null:
// nothing is recorded.
extern void (*export_trace)();

// NoteShutdownRequest (core/kernel/shutdown.h). Set by the composition root; may be null.
extern bool (*note_shutdown_request)();

// Leaves the signals that ask to stop to the pthread of CPU 0. Once, on each other pthread.
void LeaveShutdownSignals();

// Where the memory of the partitions begins, here and in the simulated machine, whose devices would see it there. Set
// by the composition root.
extern uintptr_t memory_begin;
inline constexpr uint64_t kSimulatedMemory = 1 << 20;

// Makes this pthread able to run threads of the kernel.
void AdoptPthread();

// Writes the fatal report with CPU, thread and backtrace to standard error, and ends the process with `status`. Takes
// no memory of any partition: there may be none left.
[[noreturn, gnu::format(printf, 2, 3)]] void Die(int status, const char* format, ...);

// A fatal report in parts: returns to the one pthread that may write it; ends the process at once when that one is
// writing a report already.
void BeginReport(int status);
// Writes to standard error.
void ReportText(std::string_view text);
// "on CPU 1, thread worker", as an indented line; `end` stands at its end.
void ReportWhere(const char* end);
// The functions that `count` addresses of code lie in, with file and line.
void ReportFrames(const uint64_t* addresses, size_t count);
// The functions that led to the frame at `frame`, a frame pointer, after the one of `address` if that is not 0.
void ReportFramesFrom(uint64_t address, const void* frame);
[[noreturn]] void EndReport(int status);

// The first `most` code addresses of a backtrace, `address` first, into `addresses`; how many. For signal handlers.
size_t CollectFrames(uint64_t address, const void* frame, uint64_t* addresses, size_t most);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_EXECUTOR_H_
