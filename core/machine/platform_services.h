// The slow lane: free functions that each platform defines once. A missing one is a link error.
//
// CheckFailed and CheckFailedAt (core/base/check.h) belong to this lane too. PORTING.md has the full meaning of each.
#ifndef CORE_MACHINE_PLATFORM_SERVICES_H_
#define CORE_MACHINE_PLATFORM_SERVICES_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/result.h"

namespace toro::platform {

// Makes HaltCpu on `cpu` return: the call under way, or else the next one. Everything that this CPU stored before is
// visible to `cpu` when it returns. Any CPU; does not block; wake-ups may merge.
void WakeCpu(CpuId cpu);

// Sleeps until WakeCpu of this CPU, any device interrupt, or `deadline_ns` on the clock of Machine::NowNs (kNever: no
// deadline). Called with interrupts masked: a wake-up that arrived since they were masked makes it return at once.
// Returns with interrupts unmasked. May return early for no reason. Each CPU for itself.
void HaltCpu(uint64_t deadline_ns);

// How many bytes of a line HaltCpu can watch: 0, or a store by any CPU to these first bytes of the line that WatchLine
// named ends the halt as WakeCpu does. The same for ever, on all CPUs.
size_t WatchableBytes();

// The next HaltCpu of this CPU also returns when the line at `line` was written after this call. A load after this call
// sees what was written before it. Called with interrupts masked, right before the last look; no effect when
// WatchableBytes() is 0.
void WatchLine(const void* line);

// What happens when a thread does not yield for too long.
enum class StallPolicy : uint8_t {
  kReport,    // its name and where it is are printed, once each time; it goes on
  kPowerOff,  // the same, and the machine powers off with the status of a failed check
};

// From now on a thread or a message handler of the calling CPU that runs for more than twice `bound_ns` without
// switching is reported; 0: from now on none is. CurrentProgress (core/kernel/cpu.h) says whether it has switched.
void WatchForStalls(uint64_t bound_ns, StallPolicy policy);

// What CurrentProgress says of a CPU that has nothing to do.
inline constexpr uint64_t kCpuRests = ~uint64_t{0};

// Writes to the console. CPU 0 only, or any CPU that is about to stop for ever. Does not block for long.
void ConsoleWrite(const char* text, size_t bytes);

// Powers the machine off with the exit status 0..255. Any CPU. On a machine that cannot power off: halts all CPUs.
[[noreturn]] void PowerOff(int status);

// Ends the program as a return from main does: runs what atexit registered, flushes, then PowerOff. Thread context.
[[noreturn]] void Exit(int status);

// Somebody outside may ask the machine to stop, and NoteShutdownRequest (core/kernel/shutdown.h) wants to hear of it,
// or does not any more. CPU 0, thread or message context.
void ListenForShutdown(bool listen);

// Makes the page at `page` fault on every access (guard = true), or ordinary memory again (false). `page` is aligned to
// kPageBytes and lies in the partition of the calling CPU. Returns false if the machine has no memory for it.
bool SetGuardPage(void* page, bool guard);

// Called on the CPU that a thread with that guard page has just moved to, before the thread runs there.
void AdoptGuardPage(void* page);

// How pages may be accessed.
enum class PageAccess : uint8_t { kNormal, kReadOnly, kUncached, kWriteCombining };

// Sets the access of `count` pages at `pages`, aligned to kPageBytes, which lie in the partition of the calling CPU.
// Holds on this CPU; on another it holds after AdoptPageAccess there. kOutOfMemory: nothing has changed. kNotSupported:
// this world cannot, nothing has changed.
Status SetPageAccess(void* pages, size_t count, PageAccess access);

// What this CPU remembers of these pages, in translations and in caches, is forgotten. Any CPU, any context.
void AdoptPageAccess(void* pages, size_t count, PageAccess access);

// The address by which a device reaches memory of a partition.
uint64_t PhysicalAddress(const void* address);

// Bytes of a thread's block of thread_local variables (0: none, or the platform keeps them elsewhere).
size_t ThreadLocalBytes();

// Fills `block` (ThreadLocalBytes() bytes, 64-byte aligned) with the initial values.
void InitThreadLocals(void* block);

// Called by a thread that is about to end, on its own stack: runs the destructors of its thread_local variables.
void FinishThreadLocals();

}  // namespace toro::platform

#endif  // CORE_MACHINE_PLATFORM_SERVICES_H_
