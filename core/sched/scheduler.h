// Scheduler: the threads of one CPU. Cooperative: a thread runs until it yields, blocks, migrates or ends.
//
// WHY. Nothing here is shared: other CPUs create, join and receive threads by message (remote_threads.cc), and what
// they ask for is done here, by the owner, with the owner's memory. A yield goes from thread to thread without a detour
// through the loop of the platform; the loop runs when there is news, when no thread is ready, when a thread leaves
// this CPU, now and then (I6), or when the executor wants to choose each step itself.
//
// INVARIANTS
//   I1. A thread is in the ready ring, or waits for exactly one thing (pollers.h: for its turn), or is suspended, or
//       travels. A suspended thread may wait as well: it is ready when it has been resumed and its wait is over.
//   I2. A thread that ends at home gives its object and stack to the pool while it still stands on that stack. This is
//       sound because only a later spawn of this same CPU takes from the pool, and ReleasePool leaves out the stack it
//       stands on. IF YOU let anything else take from it, or write to a pooled stack, a dead thread's last instructions
//       run on memory in use.
//   I3. A thread that leaves is posted by the loop, after its registers are saved and nobody stands on its stack.
//   I4. After Yield, YieldPolling and Migrate a thread may be on another CPU: no code keeps a Scheduler across them.
//       After Wait and YieldHere it is where it was (Thread::StaysHere). IF YOU let a thread go that has been woken but
//       has not run since, what its caller has on its stack (an open handle, a place in a list) is closed on a CPU that
//       does not know it.
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
#include "core/machine/simulation.h"
#include "core/memory/partition.h"
#include "core/sched/guest_table.h"
#include "core/sched/handle_table.h"
#include "core/sched/line_queue.h"
#include "core/sched/pollers.h"
#include "core/sched/ready_ring.h"
#include "core/sched/spreading.h"
#include "core/sched/start_queue.h"
#include "core/sched/thread.h"
#include "core/sched/thread_table.h"
#include "core/sched/timer_wheel.h"
#include "core/trace/trace_ring.h"

namespace toro {

class Scheduler {
 public:
  [[gnu::cold]] Scheduler(Cpu& cpu, Partition& partition, Exchange& exchange, bool single_step);
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

  // There is nothing to run: asks the other CPUs for threads, if this CPU takes work (spreading.h).
  void AskForWork();

  // A halt has ended, perhaps by an interrupt that only a thread that polls knows how to look for.
  void NoteWakeUp() { pollers_.SetDue(); }

  // Stops the kernel if a thread has changed the floating-point controls of this CPU and not said so. Costs about 20
  // cycles, so it is for a CPU that has nothing to do.
  void CheckFloatControls() const;

  // ---- for threads ----

  // Lets the other ready threads of this CPU run, once each, before it returns. True: the thread has been cancelled,
  // and its body catches what ends it (ThreadBody::unwinds): the caller should throw that. Thread context.
  static bool Yield();

  // As Yield, but goes on on this CPU also if the thread may move: for code of the kernel that holds on to what belongs
  // to its CPU. Thread context.
  static void YieldHere();

  // As Yield, of a thread that has looked for work and found none: goes on when a look can find something. Thread
  // context.
  static bool YieldPolling();

  // The thread that polls has found something to do: its next YieldPolling is a Yield. Thread context.
  static void FoundWork();

  // Waits until MakeReady(current thread). A cancel does not end it. Thread context.
  static void Block();

  // Waits in `list`, if it is not null, behind those who wait there, until somebody ends the wait (EndWait, WakeFirst),
  // which is kOk; until the clock reaches `deadline_ns` (kNever: no deadline; 0: kTimedOut at once); or, if
  // `cancellable`, until the thread is cancelled: kCancelled, at once when it has been already. Thread context.
  static Status Wait(WaitList* list, uint64_t deadline_ns, WaitsFor what, bool cancellable);

  // Waits until the clock of Machine::NowNs reaches `deadline_ns`: kOk, or kCancelled. Thread context.
  static Status SleepUntil(uint64_t deadline_ns);

  // The calling thread has changed its floating-point controls (fesetround, MXCSR): from now on they are its own,
  // across waits and migrations, and its switches take the slow way, until it calls this with the default controls
  // again. Any context; does nothing outside of a thread.
  static void KeepFloatControls();

  // Goes on on CPU `to`. Its memory stays where it is. kNoSuchCpu, kHoldsMutex. Thread context.
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

  // Waits for the end of a thread. kNoSuchThread, kAlreadyJoined, kWouldDeadlock; kTimedOut and kCancelled, after which
  // the thread can be joined as before. Thread context.
  static Status Join(ThreadId id, uint64_t deadline_ns = kNever);

  // Suspends, resumes or cancels a thread, wherever it is (docs/threads.md says what that means). kNoSuchThread: it has
  // ended; kSuspended, kNotSuspended, kCancelled: it is that already, or is not. Thread context.
  static Status Control(ThreadId id, ThreadControl what);

  // The current thread takes (+1) or gives back (-1) a guard against being cancelled. Thread context.
  static void ChangeCancelGuards(int change);

  // ---- for the owner, any context ----

  // Ends the wait of a thread of this CPU. It is ready then, unless it is suspended.
  void EndWait(Thread& thread, Status status);
  void MakeReady(Thread& thread) { EndWait(thread, Status::kOk); }
  // The one that has waited longest goes on. False: nobody waits.
  bool WakeFirst(WaitList& list);

  // In a thread: yields until fewer lines to `to` wait for room. Before something is sent that nobody waits for, or the
  // sender's memory would fill with it. No effect in message context.
  static void WaitForRoom(CpuId to) {
    while (__builtin_expect(Current().lines_.Long(to) || Simulation::Fails(FaultPoint::kQueueLong), 0) &&
           Current().MayBlock()) {
      YieldHere();
    }
  }

  // Answers what `handle` of CPU `to` stands for with `count` words, at most six. No effect when nobody waits for it
  // any more. From any CPU.
  void Answer(CpuId to, Handle handle, const uint64_t* words, size_t count);

  Result<ThreadId> Create(const ThreadBody& body, const ThreadOptions& options);
  Status Detach(ThreadId id) { return table_.Detach(id); }

  // From now on this CPU, when it has nothing to do, asks the others for ready threads that may move; or no longer.
  // What is on its way by then still comes.
  void SetTakesWork(bool takes_work);

  // Gives the stacks of ended threads, which are kept for the next ones, back to the partition.
  [[gnu::cold]] void ReleasePool();

  // Null in the loop.
  Thread* current() const { return running_ ? ring_.head() : nullptr; }
  // The first of the ready ones, which is the one that runs. Null: none is ready.
  const Thread* next() const { return ring_.head(); }
  // May the code that runs now block? False in the loop and in message context.
  bool MayBlock() const { return running_ && !exchange_.working(); }

  // Calls visit(thread) for every thread that is on this CPU, those of other homes included. The visitor must not
  // block, allocate, or create threads.
  template <typename Visit>
  void VisitThreads(Visit visit) {
    table_.ForEachLive([&](Thread& thread, const ThreadTable::Place& place) {
      if (place.cpu == id() && !thread.ended) visit(thread);
    });
    guests_.ForEach(visit);
  }

  Cpu& cpu() { return cpu_; }
  CpuId id() const { return exchange_.self(); }
  Partition& partition() { return partition_; }
  Exchange& exchange() { return exchange_; }
  TimerWheel& timers() { return timers_; }
  HandleTable& handles() { return handles_; }
  LineQueue& lines() { return lines_; }
  uint64_t NextTimerNs() const { return timers_.NextNs(); }
  TraceRing& trace() { return trace_; }

  // Records the trace (trace_ring.h): every switch goes by the loop, and leaves two records. Before the first step.
  [[gnu::cold]] void RecordTrace(TraceRecord* records, uint64_t count) {
    trace_.Record(records, count);
    single_step_ = true;
    switches_to_loop_ = 1;
  }

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

  // In place of the destination of a thread that goes home.
  static constexpr uint64_t kEnded = ~uint64_t{0};

  static bool YieldSlowly();
  static void ThreadMain();
  static void FireDeadline(Timer& timer);
  static void DeliverVisitor(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverReturning(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverAnswer(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  bool TakeAnswer(Handle handle, const uint64_t* words, size_t count);
  static void DeliverJoin(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverWithdrawal(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverJoined(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverEnded(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverControl(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverControlAway(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverControlBack(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  void ControlFromHome(const uint64_t* words);
  Status ControlInHand(ThreadId target, ThreadControl what);
  Status ApplyControl(Thread& thread, ThreadControl what, bool travels);
  void AnswerControl(const uint64_t* words, Status status);
  static void DeliverDetached(Cpu& here, CpuId from, const uint64_t* words, size_t count);

  static void DeliverWorkRequest(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  static void DeliverWorkWithdrawal(Cpu& here, CpuId from, const uint64_t* words, size_t count);
  bool MayGive(const Thread& thread) const;
  void GiveWork();

  static void RunStarts(void*);
  void EnsureRunner();
  void StopBeingRunner();
  void BeginAnotherLife(Thread& self);
  void Arrive(Thread& thread, void* stack_low, void* stack_high);
  void SendAway(Thread& thread, CpuId to);
  void AnswerJoin(Joiner joiner, ThreadId id, Status status);
  void End(Thread& thread);
  void SendDeparted();
  void EnterRing(Thread& thread);
  void LeaveRing(Thread& thread);
  void SetControl(Thread& thread, uint8_t control);
  void UpdateInterrupted() { exchange_.SetInterrupted(runner_ != nullptr || attention_ != 0); }
  void Trace(TraceEvent event, ThreadId thread, uint64_t second = 0) {
    trace_.Add(event, thread.index(), uint64_t{thread.generation()} << 32 | thread.home().index(), second);
  }
  [[gnu::cold]] void TraceName(const Thread& thread);
  bool LoopIsNext();
  void SwitchFrom(Thread& self);
  void SwitchTo(Thread& self, Machine::Context& next);
  void SwitchFromOwnFloat(Thread& self, Machine::Context& next);
  void SetOwnFloat(Thread& thread, bool own);
  void DropFloatControls(Thread& self);
  void LetLoopRun(Thread& self);
  Thread* TakeThread(size_t stack_bytes);
  void GiveThread(Thread& thread);
  void ReleaseRetired();
  void ReleaseThread(Thread& thread);
  // Of every wait and every end of a thread, so it is inlined.
  void CheckMayBlock() const {
    if (__builtin_expect(!MayBlock(), 0)) StopBlocking();
  }
  [[gnu::cold]] void StopBlocking() const;

  ReadyRing ring_;
  uint32_t switches_to_loop_ = kSwitchesPerLoop;
  bool running_ = false;  // a thread runs, not the loop
  bool single_step_ = false;
  Exchange& exchange_;
  Counters counters_;

  Machine::Context loop_;
  Cpu& cpu_;
  Partition& partition_;

  // What every turn of the loop looks at; the large tables follow, with their own small parts first.
  Thread* runner_ = nullptr;   // the thread that runs starts_, while it does not wait (starts.cc)
  Thread* retired_ = nullptr;  // ended threads whose stack goes back to the partition
  Thread* departed_ = nullptr;
  Thread* pool_ = nullptr;  // ended threads with a default stack
  size_t attention_ = 0;    // threads in the ring whose next yield must take the slow way (Thread::NeedsAttention)
  CpuId destination_;
  uint32_t next_colour_ = 0;
  Machine::FloatControls default_float_;  // of all threads that have not called KeepFloatControls
  Pollers pollers_;
  WorkRequests work_;
  StartQueue starts_;
  ThreadTable table_;
  GuestTable guests_;
  HandleTable handles_;
  TimerWheel timers_;
  LineQueue lines_;
  TraceRing trace_;
};

inline bool Scheduler::Yield() {
  Scheduler& here = Current();
  // In message context, while a thread is the runner, and while one in the ring is to be suspended or cancelled, the
  // exchange is not quiet: none of them gets past this line.
  if (__builtin_expect(!here.exchange_.Quiet() || --here.switches_to_loop_ == 0, 0)) return YieldSlowly();
  Thread* self = here.ring_.head();
  Thread* next = here.ring_.Rotate();
  if (next == self) return false;
  ++here.counters_.switches;
  __builtin_prefetch(next->next);
  Machine::SwitchContext(self->context, next->context);
  // I4: nothing of `here` from now on.
  return false;
}

// I6: is the loop the one to go on with?
inline bool Scheduler::LoopIsNext() {
  return ring_.empty() || single_step_ || departed_ != nullptr || retired_ != nullptr || --switches_to_loop_ == 0;
}

// These are inlined into what switches: a function that is entered by one thread and left by another returns to where
// the processor does not expect it, so there should be one such return per switch, not two.

// Whoever runs next finds the default controls of floating point.
[[gnu::always_inline]] inline void Scheduler::SwitchTo(Thread& self, Machine::Context& next) {
  ++counters_.switches;
  if (__builtin_expect((self.flags & Thread::kOwnFloat) == 0, 1)) {
    Machine::SwitchContext(self.context, next);
  } else {
    SwitchFromOwnFloat(self, next);
  }
}

// `self` has left the head of the ring. Goes on with the next thread, or with the loop.
[[gnu::always_inline]] inline void Scheduler::SwitchFrom(Thread& self) {
  SwitchTo(self, LoopIsNext() ? loop_ : ring_.head()->context);
}

// I6: the loop's turn has come. The next thread runs after it, and `self` when its own turn comes.
[[gnu::always_inline]] inline void Scheduler::LetLoopRun(Thread& self) {
  ring_.Rotate();
  SwitchTo(self, loop_);
}

}  // namespace toro

#endif  // CORE_SCHED_SCHEDULER_H_
