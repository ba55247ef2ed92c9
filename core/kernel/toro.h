// The kernel's interface for applications. Include this, write `int main(int argc, char** argv)`, and it runs on CPU 0,
// on the bare machine and in a Linux process alike; when main returns, the machine powers off with its value.
//
// Everything here is for threads unless it says otherwise. See core/README.md for the ideas, apps/ for examples.
#ifndef CORE_KERNEL_TORO_H_
#define CORE_KERNEL_TORO_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/cpu_id.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/kernel/cancel.h"
#include "core/kernel/cluster.h"
#include "core/kernel/console.h"
#include "core/kernel/cpu.h"
#include "core/machine/platform_services.h"
#include "core/sched/call.h"
#include "core/sched/scheduler.h"

namespace toro {

// ---- where am I ----

// Dense, from 0. Any context.
inline size_t CpuCount() { return Cluster::Get().cpus(); }
inline CpuId CurrentCpu() { return Scheduler::Current().id(); }
inline ThreadId CurrentThread() { return Scheduler::Current().current()->id; }

// All other CPUs, nearest first: those of the same node, then by the distance of their nodes; at the same distance in
// the order of their numbers from `cpu` + 1 on and around, so that no CPU is everybody's first choice. Whom to ask for
// work or memory. None for a CPU that is not there. Any context; valid until power off.
inline std::span<const CpuId> NearestCpus(CpuId cpu) { return Cluster::Get().NearestCpus(cpu); }

// How many nodes the machine has, and which of them, from 0, `cpu` is in; NodeCount(): none that the machine names.
// `cpu` must exist. Any context.
inline size_t NodeCount() { return Cluster::Get().nodes().nodes; }
inline size_t NodeOf(CpuId cpu) { return Cluster::Get().nodes().NodeOf(cpu); }

// From `from` to the memory of `to`, relative: 10 in the same node, more to others, 255 if the machine does not say
// [acpi 5.2.17]. Both must exist. Any context.
inline uint8_t CpuDistance(CpuId from, CpuId to) { return Cluster::Get().nodes().Distance(NodeOf(from), NodeOf(to)); }

// Nanoseconds since some moment before boot, the same on all CPUs. Any context.
inline uint64_t NowNs() { return Machine::NowNs(); }

// The files that came with the boot, in the order of the command line. Any context.
inline std::span<const InputFile> Inputs() { return Cluster::Get().inputs(); }

// ---- threads ----

inline namespace TORO_UNWINDING {  // cancel.h, I3

// Runs function() in a new thread on CPU `cpu`. The function object is moved into the new thread's stack; at most 1
// KiB. kNoSuchCpu, kOutOfMemory (in the partition of `cpu`), kInvalidArgument.
template <typename Function>
Result<ThreadId> Spawn(CpuId cpu, Function function, const ThreadOptions& options = {}) {
  static_assert(sizeof(Function) <= kMaxClosureBytes, "capture less, or a pointer to it");
  static_assert(std::is_nothrow_move_constructible_v<Function>, "the function object moves to another CPU's stack");
  ThreadBody body;
  body.bytes = sizeof(Function);
  body.align = alignof(Function);
  if constexpr (!std::is_trivially_copyable_v<Function>) {
    body.move = [](void* to, void* from) { new (to) Function(std::move(*static_cast<Function*>(from))); };
    if constexpr (std::is_copy_constructible_v<Function>) {
      body.copy = [](void* to, void* from) { new (to) Function(*static_cast<const Function*>(from)); };
    }
  }
  body.run = [](void* closure) {
    // Also when pthread_exit unwinds the thread.
    struct Moved {
      ~Moved() {
        Scheduler::ChangeCancelGuards(1);  // cancel.h, I2
        function.~Function();
      }
      Function& function;
    } moved{*static_cast<Function*>(closure)};
    cancel_internal::RunUntilCancelled(moved.function);
  };
  body.unwinds = cancel_internal::kUnwinds;
  body.closure = &function;
  return Scheduler::Spawn(cpu, body, options);
}

// Runs function(argument) in a new thread on CPU `cpu`; does not wait, and nobody joins it. The fastest spawn.
inline Status SpawnDetached(CpuId cpu, void (*function)(void*), void* argument) {
  return Scheduler::SpawnDetached(cpu, function, argument);
}

}  // namespace TORO_UNWINDING

// A point in time from now. kNever stays kNever.
inline uint64_t DeadlineAfter(uint64_t duration_ns) {
  uint64_t now_ns = NowNs();
  return duration_ns < kNever - now_ns ? now_ns + duration_ns : kNever;
}

// Waits until the thread has ended, on whatever CPU, or until `deadline_ns`. kNoSuchThread, kAlreadyJoined,
// kWouldDeadlock; kTimedOut and kCancelled, after which it can be joined as before.
inline Status Join(ThreadId thread, uint64_t deadline_ns = kNever) { return Scheduler::Join(thread, deadline_ns); }

// Suspend: the thread runs no more from its next switch on, until somebody resumes it; while it waits it goes on
// waiting. A thread may suspend itself. kNoSuchThread: it has ended; kSuspended: it is suspended already; kCancelled:
// it is to end. docs/threads.md has the details.
inline Status Suspend(ThreadId thread) { return Scheduler::Control(thread, ThreadControl::kSuspend); }

// kNoSuchThread; kNotSuspended.
inline Status Resume(ThreadId thread) { return Scheduler::Control(thread, ThreadControl::kResume); }

// Asks the thread to end: see cancel.h. A wait that returns a Status ends with kCancelled, and so do those that follow;
// a suspended thread is resumed. kNoSuchThread; kCancelled: it has been asked already.
inline Status Cancel(ThreadId thread) { return Scheduler::Control(thread, ThreadControl::kCancel); }

// Nobody will join the thread; what is kept to answer a join goes when it ends. A thread that is neither joined nor
// detached costs a table entry for ever. kNoSuchThread, kAlreadyJoined.
inline Status Detach(ThreadId thread) {
  if (thread.home().index() >= CpuCount()) return Status::kNoSuchThread;
  return CallOn(thread.home(), [thread] { return Scheduler::Current().Detach(thread); });
}

inline namespace TORO_UNWINDING {

// Lets other threads of this CPU run.
inline void Yield() {
  if (Scheduler::Yield()) cancel_internal::Unwind();
}

// As Yield, of a thread that has just looked whether there is something to do, and found nothing. When all threads of a
// CPU poll, the CPU sleeps; beside busy threads a poller has a turn every 64 of their switches. It has its next turn
// after anything that happened on this CPU: a message, a timer, an interrupt, another thread. What another CPU writes
// without a message is not among these: to poll for that, sleep for a while between two looks.
inline void YieldPolling() {
  if (Scheduler::YieldPolling()) cancel_internal::Unwind();
}

// Waits until `deadline_ns` on the clock of NowNs, or, at least, `duration_ns`.
inline void SleepUntil(uint64_t deadline_ns) {
  if (Scheduler::SleepUntil(deadline_ns) == Status::kCancelled) EndIfCancelled();
}
inline void SleepFor(uint64_t duration_ns) { SleepUntil(DeadlineAfter(duration_ns)); }

}  // namespace TORO_UNWINDING

// The thread that polls has found something to do. Call it before doing that: until the next YieldPolling this thread
// counts as busy, and the other pollers look again.
inline void FoundWork() { Scheduler::FoundWork(); }

// After a change of MXCSR or the x87 control word other than by fesetround and its kin: see Scheduler.
inline void KeepFloatControls() { Scheduler::KeepFloatControls(); }

// Goes on on CPU `cpu`. The thread's stack and whatever it allocated stay where they are, and stay valid. kNoSuchCpu;
// kHoldsMutex.
inline Status Migrate(CpuId cpu) { return Scheduler::Migrate(cpu); }

// ---- work on request ----

// From now on CPU `cpu`, when it has nothing to do, asks the others for ready threads whose ThreadOptions::may_move
// allows it, and runs what they hand over; or no longer. Off unless turned on. Nobody takes a thread from a CPU: one
// that has ready threads to spare hands them over by itself, at its next turn. kNoSuchCpu; kIsolated: to take work,
// where a thread's stack cannot be written on another CPU (docs/isolation.md).
inline Status SetTakesWork(CpuId cpu, bool takes_work) {
  if (cpu.index() >= CpuCount()) return Status::kNoSuchCpu;
  if (takes_work && Scheduler::Current().exchange().isolated()) return Status::kIsolated;
  CallOn(cpu, [takes_work] { Scheduler::Current().SetTakesWork(takes_work); });
  return Status::kOk;
}

// ---- watch ----

using platform::StallPolicy;

// From now on every CPU watches over its threads: one that runs for more than twice `bound_ns` without yielding or
// waiting is named, with its backtrace, and so is a message handler that takes so long. At least a millisecond; 0: no
// CPU watches any more. Costs nothing per switch; a timer interrupt per `bound_ns` on a CPU that works, none on one
// that has nothing to do. kInvalidArgument.
inline Status WatchForStalls(uint64_t bound_ns, StallPolicy policy = StallPolicy::kReport) {
  if (bound_ns != 0 && (bound_ns < kNsPerMs || bound_ns > 3600 * kNsPerSecond)) return Status::kInvalidArgument;
  for (size_t i = 0; i < CpuCount(); ++i) {
    CallOn(CpuId{i}, [bound_ns, policy] { platform::WatchForStalls(bound_ns, policy); });
  }
  return Status::kOk;
}

// ---- calls ----

// Runs function() on CPU `cpu`, between two threads of it, and returns what it returns. The function must be brief,
// must not wait and must not throw. `cpu` must exist. On the calling CPU it is an ordinary call. Small functions and
// values that can be copied as bytes (40 and 48 bytes) take one line transfer each way.
template <typename Function>
auto Call(CpuId cpu, Function function) {
  return CallOn(cpu, std::move(function));
}

// What CPU `cpu` has done so far.
inline CpuStatistics Statistics(CpuId cpu) {
  return Call(cpu, [] { return Cpu::Current().Statistics(); });
}

// ---- memory ----

// What the partition of CPU `cpu` holds of one size class. `size_class` is below kSizeClasses (size_classes.h);
// SizeClassOf(bytes) is the class of an object of so many bytes. kNoSuchCpu, kInvalidArgument.
inline Result<SizeClassStatistics> ClassStatistics(CpuId cpu, size_t size_class) {
  if (cpu.index() >= CpuCount()) return Status::kNoSuchCpu;
  if (size_class >= kSizeClasses) return Status::kInvalidArgument;
  return Call(cpu, [size_class] { return Cpu::Current().partition().StatisticsOf(size_class); });
}

// From now on, when an allocation of this CPU finds no memory, not even among the stacks of ended threads and in what
// other CPUs have sent home, hook(context, bytes) is called, once, before the allocation fails (null, or bad_alloc from
// new). True: the allocation is tried once more. Null: no hook.
//
// The hook runs wherever the allocation was made, also in message context, on any thread's stack. It may free, also
// objects of other CPUs, and allocate: an allocation that fails inside of it fails without asking again. It must not
// wait, throw or yield.
inline void SetOutOfMemoryHook(OutOfMemoryHook hook, void* context) {
  Cpu::Current().SetOutOfMemoryHook(hook, context);
}

// An object of `bytes` in the partition of CPU `lender`, for a CPU whose own is used up. It is the lender's object in
// every respect but that the caller holds it: it counts there, and whoever frees it sends it home. Nothing is ever lent
// without being asked for by this name, and nothing but this object: the allocator of the caller carves nothing from
// it. kNoSuchCpu, kOutOfMemory (in the partition of `lender`); kIsolated: the caller could not write into it
// (docs/isolation.md). Thread context.
inline Result<void*> BorrowMemory(CpuId lender, size_t bytes) {
  if (lender.index() >= CpuCount()) return Status::kNoSuchCpu;
  if (lender != CurrentCpu() && Scheduler::Current().exchange().isolated()) return Status::kIsolated;
  void* object = Call(lender, [bytes] { return Scheduler::Current().partition().Allocate(bytes); });
  if (object == nullptr) return Status::kOutOfMemory;
  return object;
}

}  // namespace toro

#endif  // CORE_KERNEL_TORO_H_
