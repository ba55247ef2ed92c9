// Suspend, resume and cancel, of a thread that may be anywhere.
//
// WHO KNOWS WHERE. A thread is asked for at its home. Home knows where it is, because home sent it there: between two
// CPUs that are not its home a thread passes by its home (remote_threads.cc). Home sends the request after it; the CPU
// there does it, or finds the thread gone (guest_table.h), and says so to home.
//
// WHY IT ENDS. Lines of one pair keep their order (line_queue.h), so
//   1. a request arrives after the thread that it follows, and a thread that the request does not find has left;
//   2. the thread's way home begins before the answer "gone" does, so home has the thread when it learns of that.
// While requests are under way home does not let go of the thread: it is parked until all are back. So a request goes
// out once and comes back once, however often the thread migrates, and is then done at home, with the thread in hand.
//
// IF YOU let a thread go from one CPU to another without its home, or let a line overtake another, both reasons are
// gone.
#include "core/sched/answer.h"

namespace toro {
namespace {

// In place of the status of a request that did not find the thread.
constexpr uint64_t kGone = ~uint64_t{0};

ThreadId IdOf(CpuId home, const uint64_t* words) {
  return ThreadId(home, static_cast<uint32_t>(words[0]), static_cast<uint32_t>(words[1]));
}

}  // namespace

// The words of a request. In all lines: [handle, asker, control, index, generation]; then the thread, or the status.

Status Scheduler::Control(ThreadId id, ThreadControl what) {
  Scheduler& here = Current();
  if (id.home().index() >= here.exchange_.cpus() || id.generation() == 0) return Status::kNoSuchThread;
  here.CheckMayBlock();
  Thread* self = here.current();
  if (self->id == id) {
    Status status = here.ApplyControl(*self, what, false);
    if (what == ThreadControl::kSuspend && status == Status::kOk) YieldHere();
    return status;
  }
  uint64_t answer = 0;
  PendingAnswer pending(here, &answer, WaitsFor::kControl);
  const uint64_t words[] = {pending.handle(), here.id().index(), static_cast<uint64_t>(what), id.index(),
                            id.generation()};
  if (id.home() == here.id()) {
    here.ControlFromHome(words);
  } else {
    here.lines_.Send(id.home(), &DeliverControl, words, 5);
  }
  (void)pending.Await(kNever, false);
  return static_cast<Status>(answer);
}

void Scheduler::DeliverControl(Cpu&, CpuId, const uint64_t* words, size_t) { Current().ControlFromHome(words); }

void Scheduler::ControlFromHome(const uint64_t* words) {
  const ThreadId target = IdOf(id(), words + 3);
  Thread* thread = table_.FindLive(target);
  if (thread != nullptr) {
    ThreadTable::Place& place = table_.PlaceOf(target.index());
    if (!place.parked && place.cpu != id()) {
      ++place.requests_under_way;
      const uint64_t line[] = {words[0], words[1], words[2], words[3], words[4], reinterpret_cast<uint64_t>(thread)};
      lines_.Send(place.cpu, &DeliverControlAway, line, 6);
      return;
    }
  }
  AnswerControl(words, ControlInHand(target, static_cast<ThreadControl>(words[2])));
}

// Of a thread that is at home, in the hands of its home, or no more.
Status Scheduler::ControlInHand(ThreadId target, ThreadControl what) {
  Thread* thread = table_.FindLive(target);
  if (thread == nullptr) return Status::kNoSuchThread;
  ThreadTable::Place& place = table_.PlaceOf(target.index());
  TORO_CHECK(place.parked || place.cpu == id(), "a thread is neither where it was sent nor at home");
  return ApplyControl(*thread, what, place.parked);
}

void Scheduler::AnswerControl(const uint64_t* words, Status status) {
  const uint64_t answer = static_cast<uint64_t>(status);
  Answer(CpuId{words[1]}, words[0], &answer, 1);
}

// Where home sent the thread.
void Scheduler::DeliverControlAway(Cpu&, CpuId home, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  auto* thread = reinterpret_cast<Thread*>(words[5]);
  uint64_t status = kGone;
  if (here.guests_.Contains(thread)) {
    status = static_cast<uint64_t>(here.ApplyControl(*thread, static_cast<ThreadControl>(words[2]), false));
  }
  const uint64_t line[] = {words[0], words[1], words[2], words[3], words[4], status};
  here.lines_.Send(home, &DeliverControlBack, line, 6);
}

void Scheduler::DeliverControlBack(Cpu&, CpuId, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  const ThreadId target = IdOf(here.id(), words + 3);
  Status status = words[5] == kGone ? here.ControlInHand(target, static_cast<ThreadControl>(words[2]))
                                    : static_cast<Status>(words[5]);
  here.AnswerControl(words, status);
  Thread* thread = here.table_.FindLive(target);
  if (thread == nullptr) return;
  ThreadTable::Place& place = here.table_.PlaceOf(target.index());
  if (--place.requests_under_way > 0 || !place.parked) return;
  place.parked = false;
  here.SendAway(*thread, place.destination);
}

// On the CPU where the thread is; `travels`: in the hands of its home, on the way to another CPU.
Status Scheduler::ApplyControl(Thread& thread, ThreadControl what, bool travels) {
  const bool runs_now = running_ && ring_.head() == &thread;
  // It stops being the runner before anything is changed: to find memory for another one, messages may be taken.
  if (what == ThreadControl::kSuspend && runner_ == &thread && !runs_now) StopBeingRunner();
  const bool suspended = (thread.flags & Thread::kSuspended) != 0;
  const uint8_t cancelled = thread.flags & Thread::kCancelled;
  const bool waits = thread.waits_for != WaitsFor::kNothing;
  switch (what) {
    case ThreadControl::kSuspend:
      if (cancelled != 0) return Status::kCancelled;
      if (suspended) return Status::kSuspended;
      SetControl(thread, Thread::kSuspended);
      if (thread.linked() && !runs_now) LeaveRing(thread);  // else at its next switch, or when its wait is over
      break;
    case ThreadControl::kResume:
      if (!suspended) return Status::kNotSuspended;
      SetControl(thread, cancelled);
      if (!travels && !waits && !thread.linked()) EnterRing(thread);
      break;
    case ThreadControl::kCancel:
      if (cancelled != 0) return Status::kCancelled;
      SetControl(thread, Thread::kCancelled);
      if (travels) break;
      if (waits) {
        if ((thread.flags & Thread::kCancellable) != 0 && thread.CancelPending()) EndWait(thread, Status::kCancelled);
      } else if (!thread.linked()) {
        EnterRing(thread);  // it was suspended
      }
      break;
  }
  return Status::kOk;
}

void Scheduler::ChangeCancelGuards(int change) {
  Scheduler& here = Current();
  here.CheckMayBlock();
  Thread& self = *here.current();
  const bool before = self.NeedsAttention();
  self.cancel_guards = static_cast<uint16_t>(self.cancel_guards + change);
  if ((self.flags & Thread::kCancelled) == 0 || self.NeedsAttention() == before) return;
  before ? --here.attention_ : ++here.attention_;
  here.UpdateInterrupted();
}

}  // namespace toro
