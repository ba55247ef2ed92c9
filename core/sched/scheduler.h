// Scheduler: the threads of one CPU. Cooperative: a thread runs until it yields, blocks, migrates or ends.
//
// WHY. Nothing here is shared: other CPUs create, join and receive threads by message (remote_threads.cc), and what
// they ask for is done here, by the owner, with the owner's memory. A yield goes from thread to thread without a detour
// through the loop of the platform; the loop runs when there is news, when no thread is ready, when a thread leaves
// this CPU, now and then (I6), or when the executor wants to choose each step itself.
//
// INVARIANTS
//   I1. A thread is in the ready ring, or waits for exactly one thing (pollers.h: for its turn), or travels.
//   I2. A thread that ends at home gives its object and stack to the pool while it still stands on that stack. This is
//       sound because only a later spawn of this same CPU takes from the pool, and ReleasePool leaves out the stack it
//       stands on. IF YOU let anything else take from it, or write to a pooled stack, a dead thread's last instructions
//       run on memory in use.
//   I3. A thread that leaves is posted by the loop, after its registers are saved and nobody stands on its stack.
//   I4. After a switch a thread may be on another CPU: no code keeps a Scheduler across a switch.
//   I5. Message context never blocks.
//   I6. Messages are taken, timers fire and memory is given back by the loop only, on the stack of the loop: a handler
//       never depends on the stack of the thread that happened to yield. The loop has a turn at the first yield after
//       something arrived, and after kSwitchesPerLoop switches of any kind, whether threads yield, block or end. One
//       exception: an allocation that finds no memory takes messages where it stands, for some may bring memory back.
//
// COST. Yield: the check of the doorbell, a counter, the switch. It is the same with 2 and with 16,384 ready threads
// but for cache misses on their saved registers and stacks; stacks start at different colours for that reason.
#ifndef CORE_SCHED_SCHEDULER_H_
#define CORE_SCHED_SCHEDULER_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"
#include "core/exchange/exchange.h"
#include "core/machine/machine.h"
#include "core/memory/partition.h"
#include "core/sched/pollers.h"
#include "core/sched/ready_ring.h"
#include "core/sched/start_queue.h"
#include "core/sched/thread.h"
#include "core/sched/thread_table.h"
#include "core/sched/timer_wheel.h"

namespace toro {

class Scheduler {
 public:
  Scheduler(Cpu& cpu, Partition& partition, Exchange& exchange, bool single_step);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The scheduler of the CPU that executes this; null on a pthread that is no CPU.
  static Scheduler* CurrentOrNull() { return static_cast<Scheduler*>(Machine::CurrentCpuAnchor()); }
  static Scheduler& Current() { return *CurrentOrNull(); }

  // Makes the calling CPU, which stands on the stack of its loop, run this scheduler.
  void AdoptCurrentCpu();

  // ---- for the loop ----

  // Runs ready threads until the loop has a turn (I6); in single-step mode, one thread until it switches. False: none
  // was ready.
  bool RunReady();

  // Takes and sends messages and fires timers. True if there was anything.
  bool Poll();

  // A halt has ended, perhaps by an interrupt that only a thread that polls knows how to look for.
  void NoteWakeUp() { pollers_.SetDue(); }

  // ---- for threads ----

  // Lets the other ready threads of this CPU run, once each, before it returns. Thread context.
  static void Yield();

  // As Yield, of a thread that has looked for work and found none: goes on when a look can find something. Thread
  // context.
  static void YieldPolling();

  // The thread that polls has found something to do: its next YieldPolling is a Yield. Thread context.
  static void FoundWork();

  // Waits until MakeReady(current thread). Thread context.
  static void Block();

  // Waits until the clock of Machine::NowNs reaches `deadline_ns`. Thread context.
  static void SleepUntil(uint64_t deadline_ns);

  // Goes on on CPU `to`. Its memory stays where it is. kNoSuchCpu. Thread context.
  static Status Migrate(CpuId to);

  // Ends the thread. Thread context.
  [[noreturn]] static void Exit();

  // Creates a thread on CPU `to`, whose memory it gets, and waits for its id. kNoSuchCpu, kOutOfMemory (in the
  // partition of `to`), kInvalidArgument (options). Thread context; for the own CPU any context.
  static Result<ThreadId> Spawn(CpuId to, const ThreadBody& body, const ThreadOptions& options);

  // Creates a detached thread that runs function(argument) on CPU `to`, without waiting. It gets the default options.
  // What has been asked for is on its way at the next yield or when seven words are full; it begins when its turn comes
  // and there is memory for a stack. kNoSuchCpu. Thread context: waits while the channel is full.
  static Status SpawnDetached(CpuId to, void (*function)(void*), void* argument);

  // Waits for the end of a thread. kNoSuchThread, kAlreadyJoined, kWouldDeadlock. Thread context.
  static Status Join(ThreadId id);

  // ---- for the owner, any context ----

  void MakeReady(Thread& thread) { ring_.Insert(thread); }
  Result<ThreadId> Create(const ThreadBody& body, const ThreadOptions& options);
  Status Detach(ThreadId id) { return table_.Detach(id); }

  // Gives the stacks of ended threads, which are kept for the next ones, back to the partition.
  void ReleasePool();

  // Null in the loop.
  Thread* current() const { return running_ ? ring_.head() : nullptr; }
  // May the code that runs now block? False in the loop and in message context.
  bool MayBlock() const { return running_ && !exchange_.working(); }

  Cpu& cpu() { return cpu_; }
  CpuId id() const { return exchange_.self(); }
  Partition& partition() { return partition_; }
  Exchange& exchange() { return exchange_; }
  TimerWheel& timers() { return timers_; }
  uint64_t NextTimerNs() const { return timers_.NextNs(); }

  struct Counters {
    uint64_t switches = 0;
    uint64_t created = 0;   // threads whose home is here
    uint64_t ended = 0;     // of those
    uint64_t arrived = 0;   // by migration
    uint64_t departed = 0;  // by migration
  };
  const Counters& counters() const { return counters_; }

 private:
  // From one visit of the loop to the next, when nothing arrives (I6).
  static constexpr uint32_t kSwitchesPerLoop = 64;

  static void YieldSlowly();
  static void ThreadMain();
  static void WakeSleeper(Timer& timer);
  static void DeliverTraveller(Cpu& here, Message& message);
  static void DeliverTravellerLine(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverJoinLine(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverDetached(Cpu& here, CpuId from, const uint64_t* words, size_t count);

  static void RunStarts(void*);
  void EnsureRunner();
  void StopBeingRunner();
  void BeginAnotherLife(Thread& self);
  void Arrive(Thread& thread, void* stack_low, void* stack_high);
  void AnswerJoin(Joiner joiner, Status status);
  void End(Thread& thread);
  void SendDeparted();
  bool LoopIsNext();
  void SwitchFrom(Thread& self);
  void LetLoopRun(Thread& self);
  Thread* TakeThread(size_t stack_bytes);
  void GiveThread(Thread& thread);
  void ReleaseRetired();
  void ReleaseThread(Thread& thread);
  void CheckMayBlock() const;

  ReadyRing ring_;
  uint32_t switches_to_loop_ = kSwitchesPerLoop;
  bool running_ = false;  // a thread runs, not the loop
  bool single_step_ = false;
  Exchange& exchange_;
  Counters counters_;

  Machine::Context loop_;
  Cpu& cpu_;
  Partition& partition_;
  ThreadTable table_;
  TimerWheel timers_;
  StartQueue starts_;
  Pollers pollers_;
  Thread* runner_ = nullptr;   // the thread that runs starts_, while it does not wait (starts.cc)
  Thread* pool_ = nullptr;     // ended threads with a default stack
  Thread* retired_ = nullptr;  // ended threads whose stack goes back to the partition
  Thread* departed_ = nullptr;
  CpuId destination_;
  uint32_t next_colour_ = 0;
};

inline void Scheduler::Yield() {
  Scheduler& here = Current();
  // In message context, and while a thread is the runner, the exchange is not quiet: neither gets past this line.
  if (__builtin_expect(!here.exchange_.Quiet() || --here.switches_to_loop_ == 0, 0)) {
    YieldSlowly();
    return;
  }
  Thread* self = here.ring_.head();
  Thread* next = here.ring_.Rotate();
  if (next == self) return;
  ++here.counters_.switches;
  __builtin_prefetch(next->next);
  Machine::SwitchContext(self->context, next->context);
  // I4: nothing of `here` from now on.
}

}  // namespace toro

#endif  // CORE_SCHED_SCHEDULER_H_
