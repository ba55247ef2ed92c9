// Cpu: everything that one CPU owns, and its step.
//
// PRINCIPLES
//   1. No sharing: what is in here is touched by this CPU only. The others reach it through its Inbox.
//   2. No lock and no LOCK prefix: CPUs talk by exchange slots and channels.
//   3. The platform owns the loop, the core owns the step. A step is bounded, never blocks, and says whether it did
//      anything.
//   4. Memory, stacks and identity of a thread come from the CPU that it was created on.
//
// THE STEP, in order: deliver what arrived and publish what waits; fire due timers; run ready threads.
// THE SLEEP: poll for about as long as a wake-up costs if that has paid lately (spin_budget.h); then announce, look
// once more, and halt (sleep_word.h).
#ifndef CORE_KERNEL_CPU_H_
#define CORE_KERNEL_CPU_H_

#include <cstddef>
#include <cstdint>

#include "core/base/affinity.h"
#include "core/base/cpu_id.h"
#include "core/exchange/exchange.h"
#include "core/kernel/return_path.h"
#include "core/kernel/spin_budget.h"
#include "core/kernel/traffic_recorder.h"
#include "core/memory/owner_table.h"
#include "core/memory/partition.h"
#include "core/sched/scheduler.h"

namespace toro {

// What arenas took from this partition, and what came back. A chunk that another CPU gives back is counted when it is
// home, or there when the channel is full: the sums over all CPUs are right in any case.
struct ArenaCounters {
  uint64_t taken_bytes = 0;
  uint64_t given_back_bytes = 0;
};

// A snapshot of what a CPU has done. Taken by the CPU itself (toro.h: Statistics).
struct CpuStatistics {
  PartitionStatistics memory;
  Exchange::Counters exchange;
  Scheduler::Counters threads;
  ReturnPath::Counters returns;
  ArenaCounters arenas;
  uint64_t steps = 0;
  uint64_t halts = 0;

  uint64_t sent() const { return exchange.messages_sent + exchange.lines_sent; }
  uint64_t received() const { return exchange.messages_received + exchange.lines_received; }
};

// Says whether to try once more to allocate `bytes`.
using OutOfMemoryHook = bool (*)(void* context, size_t bytes);

class TORO_CAPABILITY("CPU") alignas(kSharedStrideBytes) Cpu {
 public:
  Cpu(CpuId id, const PartitionRanges& memory, size_t cpus, Inbox* const* inboxes, void* peers,
      const OwnerTable& owners, uint64_t secret, bool single_step);
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  // The CPU that executes this; null on a pthread that is no CPU.
  static Cpu* CurrentOrNull() {
    Scheduler* scheduler = Scheduler::CurrentOrNull();
    return scheduler != nullptr ? &scheduler->cpu() : nullptr;
  }
  static Cpu& Current() TORO_ASSERTS_ON(Cpu::Current()) { return Scheduler::Current().cpu(); }

  // For the compiler (core/base/affinity.h): this is the CPU that executes this, or it stands still for ever, or what
  // follows only reads what never changes after boot. Say which, where it is not the first.
  void AssertHere() const TORO_ASSERTS_ON(this) {}

  // Does what there is to do. False: there was nothing. Called by the platform's loop on the CPU itself.
  bool Step() TORO_ON(this);

  // Nothing to do: polls for a while, then halts until a message or a timer comes. Called by the platform's loop, which
  // calls Step next; an executor whose HaltCpu does not wait calls it when the halt is over.
  void Sleep() TORO_ON(this);

  // Frees an object of any partition. Stops when it belongs to none.
  void Free(void* object) TORO_ON(this);

  CpuId id() const TORO_NO_AFFINITY { return exchange_.self(); }  // never changes
  Partition& partition() TORO_ON(this) { return partition_; }
  Exchange& exchange() TORO_ON(this) { return exchange_; }
  Scheduler& scheduler() TORO_ON(this) { return scheduler_; }
  ReturnPath& return_path() TORO_ON(this) { return return_path_; }
  ArenaCounters& arenas() TORO_ON(this) { return arenas_; }
  const OwnerTable& owners() const { return owners_; }
  CpuStatistics Statistics() const TORO_ON(this);
  uint64_t progress() const TORO_ON(this);

  // Records the trace in memory for `count` records, a power of two; `traffic` as TrafficRecorder::Begin wants it.
  // Before the first step.
  [[gnu::cold]] void RecordTrace(void* records, uint64_t count, void* traffic) TORO_ON(this) {
    scheduler_.RecordTrace(static_cast<TraceRecord*>(records), count);
    traffic_.Begin(traffic, exchange_.cpus());
  }

  // See toro.h: SetOutOfMemoryHook.
  void SetOutOfMemoryHook(OutOfMemoryHook hook, void* context) TORO_ON(this) {
    out_of_memory_ = hook;
    out_of_memory_context_ = context;
  }

 private:
  static bool Reclaim(void* cpu, int attempt, size_t bytes);
  [[gnu::cold]] bool RecordedStep() TORO_ON(this);
  bool SpinUntilNews() TORO_ON(this);

  Partition partition_ TORO_OWNED_BY(this);
  Exchange exchange_ TORO_OWNED_BY(this);
  Scheduler scheduler_ TORO_OWNED_BY(this);
  ReturnPath return_path_ TORO_OWNED_BY(this);
  const OwnerTable& owners_;
  OutOfMemoryHook out_of_memory_ TORO_OWNED_BY(this) = nullptr;
  void* out_of_memory_context_ TORO_OWNED_BY(this) = nullptr;
  bool single_step_;
  bool halted_ TORO_OWNED_BY(this) = false;  // the CPU sleeps; the next step ends it
  SpinBudget spin_ TORO_OWNED_BY(this);
  uint64_t idle_since_ TORO_OWNED_BY(this) = 0;  // Machine::Cycles, when the CPU began to sleep
  uint64_t steps_ TORO_OWNED_BY(this) = 0;
  uint64_t halts_ TORO_OWNED_BY(this) = 0;
  ArenaCounters arenas_ TORO_OWNED_BY(this);
  TrafficRecorder traffic_ TORO_OWNED_BY(this);
};

// In words, what a fault at `address` on this CPU means: "null dereference", "stack overflow of thread NAME", or null
// when it says nothing. For fatal reports; any context; touches no memory but this CPU's own structures.
[[gnu::cold]] const char* DescribeFaultAddress(uintptr_t address);

// Puts a fault of this CPU into its trace. Any context but an NMI.
[[gnu::cold]] void NoteFault(unsigned vector, uintptr_t instruction, uintptr_t address);

// The stack [low, top) of the thread that runs on this CPU. False in the loop and in message context: only in a thread
// may a fault of the CPU become an exception. Any context.
bool StackOfThread(uintptr_t& low, uintptr_t& top);

// Whether a fault at `address`, with the stack pointer at `sp`, means that the thread that runs here used more stack
// than it has. For fatal reports; any context.
bool IsStackOverflow(uintptr_t address, uintptr_t sp);

// Changes whenever this CPU steps or switches; kCpuRests while it has nothing to do, or is no CPU. For who watches over
// it from an interrupt or a signal: any context of this CPU.
uint64_t CurrentProgress();

// The name of the thread that runs, or ran, on `cpu`: for fatal reports, when that CPU has been stopped.
const char* ThreadNameOf(CpuId cpu);

// The name of the thread with which `cpu` goes on next, or null: it has none that is ready. For reports, when that CPU
// does not run.
const char* NextThreadNameOf(CpuId cpu);

// The name of the thread that runs on this CPU, "(loop)" in the loop, "(no CPU)" before there is one. For fatal
// reports.
const char* CurrentThreadName();

}  // namespace toro

#endif  // CORE_KERNEL_CPU_H_
