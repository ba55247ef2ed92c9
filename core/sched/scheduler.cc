#include "core/sched/scheduler.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/machine/platform_services.h"
#include "core/memory/guard_pages.h"

namespace toro {
namespace {

// Default stacks start at different lines of a page-sized cache set, or all saved frames would compete for the same
// few. A stack whose size was asked for is that large.
constexpr uint32_t kColours = 32;
constexpr size_t kColourBytes = 2 * kCacheLineBytes;

}  // namespace

Scheduler::Scheduler(Cpu& cpu, Partition& partition, Exchange& exchange, bool single_step)
    : switches_to_loop_(single_step ? 1 : kSwitchesPerLoop),
      single_step_(single_step),
      exchange_(exchange),
      cpu_(cpu),
      partition_(partition),
      starts_(partition),
      table_(exchange.self(), partition),
      guests_(partition),
      handles_(partition),
      timers_(0),  // to read the clock here would make the boot wait for its calibration
      lines_(exchange, partition) {}

void Scheduler::AdoptCurrentCpu() {
  Machine::SetCurrentCpuAnchor(this);
  Machine::AdoptContext(loop_);
  default_float_ = Machine::ReadFloatControls();
}

void Scheduler::StopBlocking() const {
  TORO_CHECK(MayBlock(), "blocked outside of a thread; message handlers and timers must not wait");
}

// ---- the loop ----

bool Scheduler::RunReady() {
  if (retired_ != nullptr) ReleaseRetired();  // of threads that came home to end: who runs next may need their stacks
  if (ring_.empty()) return false;
  Simulation::ThreadRuns(id(), ring_.head()->mark);
  running_ = true;
  ++counters_.switches;
  if (trace_.recorded()) Trace(TraceEvent::kRun, ring_.head()->id);
  Machine::SwitchContext(loop_, ring_.head()->context);
  running_ = false;
  if (trace_.recorded()) trace_.Add(TraceEvent::kStop);
  if (departed_ != nullptr) SendDeparted();
  if (retired_ != nullptr) ReleaseRetired();
  return true;
}

void Scheduler::CheckFloatControls() const {
  TORO_CHECK(
      Machine::ReadFloatControls().SameAs(default_float_),
      "a thread changed MXCSR or the x87 control word and let others run; change them by fesetround and its kin, "
      "or call KeepFloatControls");
}

bool Scheduler::Poll() {
  bool worked = exchange_.Work();
  if (timers_.pending() > 0) {
    exchange_.SetWorking(true);  // a timer runs in message context, too
    worked |= timers_.Advance(Machine::NowNs());
    exchange_.SetWorking(false);
  }
  if (lines_.waiting()) worked |= lines_.Retry();
  if (!starts_.empty()) EnsureRunner();
  if (!pollers_.empty()) {
    const Exchange::Counters& taken = exchange_.counters();
    if (pollers_.TakeDue(worked, taken.messages_received + taken.lines_received)) {
      while (WakeFirst(pollers_.waiting())) continue;
    }
  }
  if (work_.askers.size() > 0 && !ring_.empty()) GiveWork();
  switches_to_loop_ = single_step_ ? 1 : kSwitchesPerLoop;
  return worked;
}

// ---- switching ----

// What `self` had lies on its stack meanwhile.
void Scheduler::SwitchFromOwnFloat(Thread& self, Machine::Context& next) {
  const Machine::FloatControls own = Machine::ReadFloatControls();
  Machine::WriteFloatControls(default_float_);
  Machine::SwitchContext(self.context, next);
  Machine::WriteFloatControls(own);
}

void Scheduler::KeepFloatControls() {
  Scheduler* here = CurrentOrNull();
  Thread* self = here != nullptr ? here->current() : nullptr;
  if (self != nullptr) here->SetOwnFloat(*self, !Machine::ReadFloatControls().SameAs(here->default_float_));
}

// Of a thread in the ring.
void Scheduler::SetOwnFloat(Thread& thread, bool own) {
  const bool before = thread.NeedsAttention();
  thread.flags = static_cast<uint8_t>(own ? thread.flags | Thread::kOwnFloat : thread.flags & ~Thread::kOwnFloat);
  if (thread.NeedsAttention() == before) return;
  before ? --attention_ : ++attention_;
  UpdateInterrupted();
}

// The thread ends.
void Scheduler::DropFloatControls(Thread& self) {
  if (__builtin_expect((self.flags & Thread::kOwnFloat) == 0, 1)) return;
  Machine::WriteFloatControls(default_float_);
  SetOwnFloat(self, false);
}

void Scheduler::EnterRing(Thread& thread) {
  Simulation::ThreadReady(id(), thread.mark);
  ring_.Insert(thread);
  if (__builtin_expect(thread.NeedsAttention(), 0)) {
    ++attention_;
    UpdateInterrupted();
  }
}

void Scheduler::LeaveRing(Thread& thread) {
  Simulation::ThreadWaits(id(), thread.mark);
  ring_.Remove(thread);
  if (__builtin_expect(thread.NeedsAttention(), 0)) {
    --attention_;
    UpdateInterrupted();
  }
}

// `control` is what kSuspended and kCancelled shall be.
void Scheduler::SetControl(Thread& thread, uint8_t control) {
  const bool before = thread.NeedsAttention();
  thread.flags = static_cast<uint8_t>((thread.flags & ~(Thread::kSuspended | Thread::kCancelled)) | control);
  if (!thread.linked() || thread.NeedsAttention() == before) return;
  before ? --attention_ : ++attention_;
  UpdateInterrupted();
}

bool Scheduler::YieldSlowly() {
  Scheduler& here = Current();
  here.CheckMayBlock();
  Thread* self = here.ring_.head();
  if (here.runner_ == self) here.StopBeingRunner();
  if ((self->flags & Thread::kSuspended) != 0) {
    here.LeaveRing(*self);
    here.SwitchFrom(*self);
  } else {
    here.LetLoopRun(*self);
  }
  return self->MustUnwind();
}

void Scheduler::YieldHere() {
  Scheduler& here = Current();
  here.CheckMayBlock();
  Thread::StaysHere stays(*here.ring_.head());
  (void)Yield();
}

// ---- waiting ----

Status Scheduler::Wait(WaitList* list, uint64_t deadline_ns, WaitsFor what, bool cancellable) {
  Scheduler& here = Current();
  here.CheckMayBlock();
  Thread* self = here.ring_.head();
  Thread::StaysHere stays(*self);  // I4
  if (cancellable && self->CancelPending()) {
    (void)Yield();  // a thread that does not heed its cancel must not keep the others from running
    return Status::kCancelled;
  }
  if (deadline_ns == 0) return Status::kTimedOut;
  self->waits_for = what;
  if (cancellable) self->flags |= Thread::kCancellable;
  if (list != nullptr) {
    self->flags |= Thread::kInList;
    list->PushBack(self->wait_link);
  }
  if (deadline_ns != kNever) {
    self->flags |= Thread::kHasDeadline;
    here.timers_.Start(self->timer, deadline_ns);
  }
  here.Trace(deadline_ns != kNever ? TraceEvent::kSleepUntil : TraceEvent::kWait, self->id,
             deadline_ns != kNever ? deadline_ns : static_cast<uint64_t>(what));
  here.LeaveRing(*self);
  // Out of the ring by now: another runner needs memory, to find some messages are taken, and one may wake this thread.
  if (here.runner_ == self) here.StopBeingRunner();
  here.SwitchFrom(*self);
  return self->wait_status;
}

void Scheduler::EndWait(Thread& thread, Status status) {
  TORO_CHECK(thread.waits_for != WaitsFor::kNothing, "made a thread ready that is ready already");
  if ((thread.flags & Thread::kInList) != 0) WaitList::Remove(thread.wait_link);
  if ((thread.flags & Thread::kHasDeadline) != 0) timers_.Stop(thread.timer);
  thread.flags &= static_cast<uint8_t>(~(Thread::kInList | Thread::kHasDeadline | Thread::kCancellable));
  thread.waits_for = WaitsFor::kNothing;
  thread.wait_status = status;
  Trace(status == Status::kTimedOut ? TraceEvent::kTimer : TraceEvent::kReady, thread.id);
  if ((thread.flags & Thread::kSuspended) == 0) EnterRing(thread);
}

bool Scheduler::WakeFirst(WaitList& list) {
  WaitLink* first = list.front();
  if (first == nullptr) return false;
  EndWait(*first->thread, Status::kOk);
  return true;
}

void Scheduler::Block() { (void)Wait(nullptr, kNever, WaitsFor::kWake, false); }

void Scheduler::FireDeadline(Timer& timer) {
  Current().EndWait(*static_cast<WaitTimer&>(timer).thread, Status::kTimedOut);
}

Status Scheduler::SleepUntil(uint64_t deadline_ns) {
  // Zero is in the past, and Wait would not even yield.
  Status status = Wait(nullptr, deadline_ns > 0 ? deadline_ns : 1, WaitsFor::kTime, true);
  return status == Status::kTimedOut ? Status::kOk : status;
}

// ---- the life of a thread ----

void Scheduler::ThreadMain() {
  Thread* self = Current().current();
  self->run(self->closure);
  Exit();
}

Thread* Scheduler::TakeThread(size_t stack_bytes) {
  if (stack_bytes == kDefaultStackBytes && pool_ != nullptr) {
    Thread* thread = pool_;
    pool_ = thread->next_pooled;
    return thread;
  }
  void* memory = partition_.AllocateAligned(sizeof(Thread), alignof(Thread));
  if (memory == nullptr) return nullptr;
  char* run = static_cast<char*>(partition_.AllocatePages(stack_bytes / kPageBytes + kGuardPages));
  // The first guard stops a thread that uses more stack than it has, the last one that writes beyond an array of its
  // first frames.
  if (run == nullptr || !SetGuardPages(run, run + kPageBytes + stack_bytes, true)) {
    if (run != nullptr) partition_.FreePages(run);
    partition_.Free(memory);
    return nullptr;
  }
  Thread* thread = new (memory) Thread;
  thread->wait_link.thread = thread->timer.thread = thread;
  thread->timer.fire = &FireDeadline;
  thread->stack_low = run;
  thread->stack_bytes = stack_bytes;
  if (stack_bytes == kDefaultStackBytes) thread->colour = next_colour_++ % kColours;
  return thread;
}

void Scheduler::GiveThread(Thread& thread) {
  Thread** list = thread.stack_bytes == kDefaultStackBytes ? &pool_ : &retired_;
  thread.next_pooled = *list;
  *list = &thread;
}

void Scheduler::ReleaseThread(Thread& thread) {
  SetGuardPages(thread.stack_low, thread.stack_high(), false);
  partition_.FreePages(thread.stack_low);
  Machine::ReleaseContext(thread.context);
  partition_.Free(&thread);
}

void Scheduler::ReleaseRetired() {
  while (Thread* thread = retired_) {
    retired_ = thread->next_pooled;
    ReleaseThread(*thread);
  }
}

void Scheduler::ReleasePool() {
  Thread* thread = pool_;
  pool_ = nullptr;
  auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  while (thread != nullptr) {
    Thread* next = thread->next_pooled;
    // I2: what is about to leave its stack for ever may ask for memory once more.
    bool stands_on_it = here - reinterpret_cast<uintptr_t>(thread->stack_low) < kPageBytes + thread->stack_bytes;
    stands_on_it ? GiveThread(*thread) : ReleaseThread(*thread);
    thread = next;
  }
}

Result<ThreadId> Scheduler::Create(const ThreadBody& body, const ThreadOptions& options) {
  size_t stack_bytes = options.stack_bytes == 0 ? kDefaultStackBytes : AlignUp(options.stack_bytes, kPageBytes);
  if (body.bytes > kMaxClosureBytes || body.align > kCacheLineBytes || stack_bytes < kLeastStackBytes ||
      stack_bytes < options.stack_bytes) {
    return Status::kInvalidArgument;
  }
  size_t thread_local_bytes = platform::ThreadLocalBytes();
  size_t taken_bytes = AlignUp(thread_local_bytes, kCacheLineBytes) + AlignUp(body.bytes, kCacheLineBytes);
  if (taken_bytes > stack_bytes / 2) return Status::kInvalidArgument;
  Thread* thread = TakeThread(stack_bytes);
  if (thread == nullptr) return Status::kOutOfMemory;
  Result<ThreadId> id = table_.Add(*thread);
  if (!id.ok()) {
    GiveThread(*thread);
    return id.status();
  }
  thread->id = id.value();
  thread->ended = false;
  thread->flags = 0;
  thread->waits_for = WaitsFor::kNothing;
  thread->unwinds = body.unwinds;
  thread->cancel_guards = thread->mutexes = 0;
  thread->polling = false;
  thread->may_move = options.may_move;

  // From the top of the stack down: thread_local variables, the closure, the first frame.
  char* top = thread->stack_high() - thread->colour * kColourBytes;
  void* thread_locals = nullptr;
  if (thread_local_bytes > 0) {
    top -= AlignUp(thread_local_bytes, kCacheLineBytes);
    thread_locals = top;
    platform::InitThreadLocals(top);
  }
  thread->thread_locals = thread_locals;
  top -= AlignUp(body.bytes, kCacheLineBytes);
  thread->closure = body.closure;
  if (body.bytes > 0) {
    thread->closure = top;
    if (body.move != nullptr) {
      body.move(top, body.closure);
    } else {
      std::memcpy(top, body.closure, body.bytes);
    }
  }
  thread->run = body.run;
  Machine::PrepareContext(thread->context, &ThreadMain, thread->stack_low + kPageBytes, top, thread_locals);

  size_t length = std::min(options.name.size(), sizeof thread->name - 1);
  if (length > 0) std::memcpy(thread->name, options.name.data(), length);
  thread->name[length] = 0;
  ++counters_.created;
  Trace(TraceEvent::kSpawn, id.value());
  if (trace_.recorded()) TraceName(*thread);
  EnterRing(*thread);
  return id.value();
}

void Scheduler::TraceName(const Thread& thread) {
  uint64_t words[2] = {};
  static_assert(sizeof words <= sizeof thread.name);
  std::memcpy(words, thread.name, sizeof words);
  trace_.Add(TraceEvent::kName, 0, words[0], words[1]);
}

void Scheduler::Exit() {
  ChangeCancelGuards(1);  // cancel.h, I2
  platform::FinishThreadLocals();
  Thread* const self = Current().current();
  self->FinishRuntime();
  // While it is in the ring as any thread: what it gives back may have to wait, or may take messages.
  if (self->id.home() == Current().id()) self->arena.EndOwner();
  Scheduler& here = Current();
  here.CheckMayBlock();
  TORO_CHECK(self->mutexes == 0, "a thread ended while it holds a mutex; unlock it first (MutexHolder does)");
  if (here.runner_ == self) here.StopBeingRunner();
  here.DropFloatControls(*self);
  if (self->polling) here.pollers_.SetDue();
  here.LeaveRing(*self);
  ++here.counters_.switches;
  if (self->id.home() != here.id()) {
    self->ended = true;
    here.departed_ = self;
    here.destination_ = self->id.home();
    Machine::LeaveContext(self->context, here.loop_);
  }
  here.End(*self);
  Machine::LeaveContext(self->context, here.LoopIsNext() ? here.loop_ : here.ring_.head()->context);
}

// At home, of a thread that runs nowhere any more but, by I2, perhaps here. Its arena has been given back.
void Scheduler::End(Thread& thread) {
  ++counters_.ended;
  Simulation::ThreadEnds(this->id(), thread.mark);
  const ThreadId id = thread.id;
  Trace(TraceEvent::kEnd, id);
  Joiner joiner = table_.End(id);
  if (joiner.handle != 0) AnswerJoin(joiner, id, Status::kOk);
  // Last (I2): to find memory for an answer messages are taken, and one may create a thread.
  GiveThread(thread);
}

}  // namespace toro
