// The kernel's interface for applications. Include this, write `int main(int argc, char** argv)`, and it runs on CPU 0, on the
// bare machine and in a Linux process alike; when main returns, the machine powers off with its value.
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
#include "core/kernel/cluster.h"
#include "core/kernel/console.h"
#include "core/kernel/cpu.h"
#include "core/sched/scheduler.h"

namespace toro {

// ---- where am I ----

// Dense, from 0. Any context.
inline size_t CpuCount() { return Cluster::Get().cpus(); }
inline CpuId CurrentCpu() { return Scheduler::Current().id(); }
inline ThreadId CurrentThread() { return Scheduler::Current().current()->id; }

// Nanoseconds since some moment before boot, the same on all CPUs. Any context.
inline uint64_t NowNs() { return Machine::NowNs(); }

// The files that came with the boot, in the order of the command line. Any context.
inline std::span<const InputFile> Inputs() { return Cluster::Get().inputs(); }

// ---- threads ----

// Runs function() in a new thread on CPU `cpu`. The function object is moved into the new thread's stack; at most 1 KiB.
// kNoSuchCpu, kOutOfMemory (in the partition of `cpu`), kInvalidArgument.
template <typename Function>
Result<ThreadId> Spawn(CpuId cpu, Function function, const ThreadOptions& options = {}) {
  static_assert(sizeof(Function) <= kMaxClosureBytes, "capture less, or a pointer to it");
  static_assert(std::is_nothrow_move_constructible_v<Function>, "the function object moves to another CPU's stack");
  ThreadBody body;
  body.bytes = sizeof(Function);
  body.align = alignof(Function);
  body.move = [](void* to, void* from) { new (to) Function(std::move(*static_cast<Function*>(from))); };
  body.run = [](void* closure) {
    Function& moved = *static_cast<Function*>(closure);
    moved();
    moved.~Function();
  };
  body.closure = &function;
  return Scheduler::Spawn(cpu, body, options);
}

// Runs function(argument) in a new thread on CPU `cpu`; does not wait, and nobody joins it. The fastest spawn.
inline Status SpawnDetached(CpuId cpu, void (*function)(void*), void* argument) {
  return Scheduler::SpawnDetached(cpu, function, argument);
}

// Waits until the thread has ended, on whatever CPU. kNoSuchThread, kAlreadyJoined, kWouldDeadlock.
inline Status Join(ThreadId thread) { return Scheduler::Join(thread); }

// Lets other threads of this CPU run.
inline void Yield() { Scheduler::Yield(); }

// Waits `duration_ns` at least.
inline void SleepFor(uint64_t duration_ns) { Scheduler::SleepUntil(NowNs() + duration_ns); }
inline void SleepUntil(uint64_t deadline_ns) { Scheduler::SleepUntil(deadline_ns); }

// Goes on on CPU `cpu`. The thread's stack and whatever it allocated stay where they are, and stay valid. kNoSuchCpu.
inline Status Migrate(CpuId cpu) { return Scheduler::Migrate(cpu); }

// ---- calls ----

namespace call_internal {

template <typename Function, typename Value>
struct CallMessage : Message {
  Function* function = nullptr;
  CpuId caller_cpu;
  Thread* caller = nullptr;
  bool done = false;
  alignas(Value) unsigned char value[sizeof(Value)];
};

struct Nothing {};

template <typename Function, typename Value>
void DeliverReply(Cpu&, Message& message) {
  auto& call = static_cast<CallMessage<Function, Value>&>(message);
  call.done = true;
  Scheduler::Current().MakeReady(*call.caller);
}

template <typename Function, typename Value>
void DeliverCall(Cpu& here, Message& message) noexcept {
  auto& call = static_cast<CallMessage<Function, Value>&>(message);
  if constexpr (std::is_same_v<Value, Nothing>) {
    (*call.function)();
  } else {
    new (call.value) Value((*call.function)());
  }
  call.deliver = &DeliverReply<Function, Value>;
  here.exchange().Post(call.caller_cpu, call);
}

}  // namespace call_internal

// Runs function() on CPU `cpu`, between two threads of it, and returns what it returns. The function must be brief, must not
// wait and must not throw. `cpu` must exist. On the calling CPU it is an ordinary call.
template <typename Function>
auto Call(CpuId cpu, Function function) -> std::invoke_result_t<Function&> {
  using Returned = std::invoke_result_t<Function&>;
  using Value = std::conditional_t<std::is_void_v<Returned>, call_internal::Nothing, Returned>;
  Scheduler& here = Scheduler::Current();
  if (cpu == here.id()) return function();
  TORO_CHECK(cpu.index() < CpuCount(), "called a CPU that does not exist; compare with CpuCount() first");
  TORO_CHECK(here.MayBlock(), "waited for a call outside of a thread");
  call_internal::CallMessage<Function, Value> call;
  call.deliver = &call_internal::DeliverCall<Function, Value>;
  call.function = &function;
  call.caller_cpu = here.id();
  call.caller = here.current();
  here.exchange().Post(cpu, call);
  while (!call.done) Scheduler::Block();
  if constexpr (!std::is_void_v<Returned>) {
    Value* value = std::launder(reinterpret_cast<Value*>(call.value));
    Value result = std::move(*value);
    value->~Value();
    return result;
  }
}

// What CPU `cpu` has done so far.
inline CpuStatistics Statistics(CpuId cpu) {
  return Call(cpu, [] { return Cpu::Current().Statistics(); });
}

}  // namespace toro

#endif  // CORE_KERNEL_TORO_H_
