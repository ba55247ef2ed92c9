#include "core/kernel/cpu.h"

#include "core/kernel/cluster.h"
#include "core/kernel/shutdown_state.h"
#include "core/kernel/trace_report.h"
#include "core/machine/machine.h"
#include "core/machine/platform_services.h"

namespace toro {
namespace {

// A platform's fatal report names it weakly, which would not take it out of the archive.
[[gnu::used]] void (*const print_trace)(void (*print)(std::string_view text)) = &PrintTrace;

// The first looks follow each other at once: an answer of a CPU that is awake comes within them, and a PAUSE takes
// as long as a fifth of its way.
constexpr int kPollsAtOnce = 64;

}  // namespace

Cpu::Cpu(CpuId id, const PartitionRanges& memory, size_t cpus, Inbox* const* inboxes, void* peers,
         const OwnerTable& owners, uint64_t secret, bool single_step)
    : partition_(id, memory, secret),
      exchange_(*this, id, cpus, inboxes, peers),
      scheduler_(*this, partition_, exchange_, single_step),
      return_path_(exchange_, partition_),
      owners_(owners),
      single_step_(single_step) {
  partition_.SetReclaim(&Reclaim, this);
}

bool Cpu::Step() {
  ++steps_;
  if (halted_) {  // P4: awake, and this step looks again
    halted_ = false;
    exchange_.EndSleep();
    scheduler_.trace().AddStamped(TraceEvent::kAwake);
    scheduler_.NoteWakeUp();
    if (!single_step_) spin_.Note(Machine::Cycles() - idle_since_, !exchange_.Quiet());
  }
  if (id() == kBootCpu && shutdown_state.start) StartShutdown(*this);
  if (traffic_.records()) return RecordedStep();
  bool worked = return_path_.FreeArrived();
  worked |= scheduler_.Poll();
  if (return_path_.waiting()) return_path_.Retry();
  return scheduler_.RunReady() || worked;
}

// The same, and notes what was sent and taken.
bool Cpu::RecordedStep() {
  uint64_t since_ns = Machine::NowNs();
  bool worked = return_path_.FreeArrived();
  worked |= scheduler_.Poll();
  if (return_path_.waiting()) return_path_.Retry();
  traffic_.Note(exchange_, scheduler_.trace(), since_ns);
  bool ran = scheduler_.RunReady();
  traffic_.Note(exchange_, scheduler_.trace(), 0);
  return ran || worked;
}

// Memory has run out, and the partition has found none in itself. What is cheapest to lose goes first.
bool Cpu::Reclaim(void* context, int attempt, size_t bytes) {
  Cpu& cpu = *static_cast<Cpu*>(context);
  cpu.AssertHere();
  if (attempt == 0) {
    cpu.scheduler_.trace().AddStamped(TraceEvent::kOutOfMemory, 0, cpu.partition_.Statistics().used_bytes);
  }
  switch (attempt) {
    case 0: cpu.scheduler_.ReleasePool(); return true;
    case 1:
      // Perhaps others have sent some back.
      if (!cpu.exchange_.working()) cpu.exchange_.Work();
      cpu.return_path_.FreeArrived();
      return true;
    case 2: return cpu.out_of_memory_ != nullptr && cpu.out_of_memory_(cpu.out_of_memory_context_, bytes);
    default: return false;
  }
}

// True: something has come.
bool Cpu::SpinUntilNews() {
  idle_since_ = Machine::Cycles();
  for (int poll = 0;; ++poll) {
    if (!exchange_.Quiet() || exchange_.HasLineFromLastPeer()) {
      spin_.Note(Machine::Cycles() - idle_since_, true);
      return true;
    }
    if (poll < kPollsAtOnce) continue;
    if (Machine::Cycles() - idle_since_ >= spin_.cycles()) return false;
    Machine::Relax();
  }
}

void Cpu::Sleep() {
  scheduler_.CheckFloatControls();
  // What waits to be sent needs another CPU to make room: no halt, but that CPU may need this core.
  if (exchange_.waiting() || return_path_.waiting() || return_path_.arrived() || scheduler_.lines().waiting()) {
    Machine::Relax();
    return;
  }
  scheduler_.AskForWork();
  uint64_t deadline_ns = scheduler_.NextTimerNs();
  if (!single_step_) {
    if (SpinUntilNews()) return;
    if (deadline_ns != kNever && Machine::NowNs() >= deadline_ns) return;
  }
  Machine::MaskInterrupts();
  if (!exchange_.PrepareSleep()) {
    Machine::UnmaskInterrupts();
    return;
  }
  ++halts_;
  halted_ = true;
  scheduler_.trace().AddStamped(TraceEvent::kHalt, 0, deadline_ns, exchange_.counters().wakes_sent);
  platform::HaltCpu(deadline_ns);
}

void Cpu::Free(void* object) {
  if (object == nullptr) return;
  size_t owner = owners_.OwnerOf(object);
  if (owner == id().index()) {
    partition_.Free(object);
  } else if (owner != OwnerTable::kNoOwner) {
    return_path_.Give(CpuId{owner}, object);
  } else {
    TORO_FAIL_AT("free of a pointer that lies in no partition", object);
  }
}

CpuStatistics Cpu::Statistics() const {
  CpuStatistics s;
  s.memory = partition_.Statistics();
  s.exchange = exchange_.counters();
  s.threads = scheduler_.counters();
  s.returns = return_path_.counters();
  s.arenas = arenas_;
  s.steps = steps_;
  s.halts = halts_;
  return s;
}

void NoteFault(unsigned vector, uintptr_t instruction, uintptr_t address) {
  if (Scheduler* scheduler = Scheduler::CurrentOrNull()) {
    scheduler->trace().AddStamped(TraceEvent::kFault, vector, instruction, address);
  }
}

bool StackOfThread(uintptr_t& low, uintptr_t& top) {
  Scheduler* scheduler = Scheduler::CurrentOrNull();
  if (scheduler == nullptr || !scheduler->MayBlock()) return false;
  const Thread& thread = *scheduler->current();
  low = reinterpret_cast<uintptr_t>(thread.stack_low) + kPageBytes;
  top = low + thread.stack_bytes;
  return true;
}

// Read by an interrupt of this CPU, between any two instructions: each word at once, and nothing depends on their
// order.
uint64_t Cpu::progress() const {
  if (const_cast<const volatile bool&>(halted_)) return platform::kCpuRests;
  return const_cast<const volatile uint64_t&>(steps_) +
         const_cast<const volatile uint64_t&>(scheduler_.counters().switches);
}

uint64_t CurrentProgress() {
  Cpu* cpu = Cpu::CurrentOrNull();
  if (cpu == nullptr) return platform::kCpuRests;
  cpu->AssertHere();
  return cpu->progress();
}

namespace {

const char* NameOf(const Thread& thread) { return thread.name[0] != 0 ? thread.name : "(unnamed)"; }

const char* NameOfRunning(const Scheduler& scheduler) {
  const Thread* thread = scheduler.current();
  return thread != nullptr ? NameOf(*thread) : "(loop)";
}

}  // namespace

const char* CurrentThreadName() {
  Scheduler* scheduler = Scheduler::CurrentOrNull();
  return scheduler != nullptr ? NameOfRunning(*scheduler) : "(no CPU)";
}

// That CPU has been stopped.
const char* ThreadNameOf(CpuId cpu) TORO_NO_AFFINITY {
  return Cpu::CurrentOrNull() != nullptr ? NameOfRunning(Cluster::Get().cpu(cpu).scheduler()) : "(no CPU)";
}

// Likewise.
const char* NextThreadNameOf(CpuId cpu) TORO_NO_AFFINITY {
  const Thread* thread = Cluster::Get().cpu(cpu).scheduler().next();
  return thread != nullptr ? NameOf(*thread) : nullptr;
}

bool IsStackOverflow(uintptr_t address, uintptr_t sp) {
  Scheduler* scheduler = Scheduler::CurrentOrNull();
  Thread* thread = scheduler != nullptr ? scheduler->current() : nullptr;
  if (thread == nullptr) return false;
  uintptr_t guard = reinterpret_cast<uintptr_t>(thread->stack_low);
  // A large frame may reach beyond the guard page; then the stack pointer is no longer in the stack either.
  return address - guard < kPageBytes || (address < guard && sp < guard + kPageBytes && sp > address);
}

namespace {

// For a fatal report, of which there is one.
const char* DescribeOwner(size_t owner) {
  static char text[] = "isolation: this is the memory of CPU \0\0\0";
  char* end = text + sizeof text - 4;
  if (owner >= 100) *end++ = static_cast<char>('0' + owner / 100);
  if (owner >= 10) *end++ = static_cast<char>('0' + owner / 10 % 10);
  *end++ = static_cast<char>('0' + owner % 10);
  *end = 0;
  return text;
}

}  // namespace

const char* DescribeFaultAddress(uintptr_t address) {
  if (address < kPageBytes) return "null dereference";
  Scheduler* scheduler = Scheduler::CurrentOrNull();
  Thread* thread = scheduler != nullptr ? scheduler->current() : nullptr;
  if (scheduler != nullptr && scheduler->exchange().isolated()) {
    size_t owner = scheduler->cpu().owners().OwnerOf(reinterpret_cast<const void*>(address));
    if (owner != OwnerTable::kNoOwner && owner != scheduler->id().index()) return DescribeOwner(owner);
  }
  if (thread == nullptr) return nullptr;
  if (address - reinterpret_cast<uintptr_t>(thread->stack_low) < kPageBytes) {
    return "stack overflow: the thread used all of its stack; give it a larger ThreadOptions::stack_bytes";
  }
  if (address - reinterpret_cast<uintptr_t>(thread->stack_high()) < kPageBytes) {
    return "access above the thread's stack, beyond what its first function keeps there";
  }
  return nullptr;
}

}  // namespace toro
