// What a scheduler does for and asks of other CPUs: every operation is a message to the owner, and done by the owner.
#include <cstring>

#include "core/machine/platform_services.h"
#include "core/sched/answer.h"
#include "core/sched/call.h"
#include "core/sched/scheduler.h"

namespace toro {
// ---- spawn: two hops; the arguments travel, not the thread ----

namespace {

// What comes back: small enough for a line.
struct Created {
  ThreadId id;
  Status status;
};

Created CreateHere(const ThreadBody& body, const ThreadOptions& options) {
  if (Simulation::Fails(FaultPoint::kOutOfMemory)) return {ThreadId(), Status::kOutOfMemory};
  Result<ThreadId> id = Scheduler::Current().Create(body, options);
  return id.ok() ? Created{id.value(), Status::kOk} : Created{ThreadId(), id.status()};
}

// A small closure with its function. It travels in the line of the call, so that the new owner touches no memory of the
// caller at all.
struct SmallBody {
  void (*run)(void*);
  uint32_t bytes;
  bool unwinds;
  uint64_t closure[3];

  Created operator()() {
    ThreadBody body;
    body.run = run;
    body.bytes = bytes;
    body.unwinds = unwinds;
    body.closure = bytes > 0 ? closure : reinterpret_cast<void*>(closure[0]);
    return CreateHere(body, ThreadOptions());
  }
};
static_assert(call_internal::kFitsALine<SmallBody, Created>);

}  // namespace

Result<ThreadId> Scheduler::Spawn(CpuId to, const ThreadBody& body, const ThreadOptions& options) {
  Scheduler& here = Current();
  if (to == here.id()) {
    if (Simulation::Fails(FaultPoint::kOutOfMemory)) return Status::kOutOfMemory;
    return here.Create(body, options);
  }
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  Created created;
  // The closure is copied where moving it would write into it.
  ThreadBody copied = body;
  if (here.exchange_.isolated() && body.move != nullptr) {
    if (body.copy == nullptr) return Status::kIsolated;
    copied.move = body.copy;
  }
  bool is_small = body.move == nullptr && body.bytes <= sizeof(SmallBody::closure) && body.align <= alignof(uint64_t) &&
                  options.stack_bytes == 0 && options.name.empty() && !options.may_move;
  if (is_small) {
    SmallBody small{body.run, static_cast<uint32_t>(body.bytes), body.unwinds, {}};
    if (body.bytes > 0) {
      std::memcpy(small.closure, body.closure, body.bytes);
    } else {
      small.closure[0] = reinterpret_cast<uint64_t>(body.closure);
    }
    created = CallOn(to, small);
  } else {
    created = CallOn(to, [&copied, &options] { return CreateHere(copied, options); });
  }
  if (created.status != Status::kOk) return created.status;
  return created.id;
}

// ---- join: asked at home, answered when the thread has ended ----

Status Scheduler::Join(ThreadId id, uint64_t deadline_ns) {
  Scheduler& here = Current();
  if (id.home().index() >= here.exchange_.cpus() || id.generation() == 0) return Status::kNoSuchThread;
  here.CheckMayBlock();
  if (here.current()->id == id) return Status::kWouldDeadlock;
  uint64_t answer = 0;
  PendingAnswer pending(here, &answer, WaitsFor::kJoin);
  const Joiner joiner{here.id(), pending.handle()};
  const uint64_t words[] = {joiner.handle, id.index(), id.generation()};
  const bool at_home = id.home() == here.id();
  if (at_home) {
    bool waits = false;
    Status status = here.table_.Join(id, joiner, &waits);
    if (!waits) return status;
  } else {
    here.lines_.Send(id.home(), &DeliverJoin, words, 3);
  }
  Status status = pending.Await(deadline_ns, true);
  if (status == Status::kOk) return static_cast<Status>(answer);
  // In this order: an answer that comes while the withdrawal is sent must find nobody.
  pending.Close();
  if (at_home) {
    here.table_.Withdraw(id, joiner);
  } else {
    here.lines_.Send(id.home(), &DeliverWithdrawal, words, 3);
  }
  return status;
}

namespace {
ThreadId IdOf(CpuId home, const uint64_t* words) {
  return ThreadId(home, static_cast<uint32_t>(words[0]), static_cast<uint32_t>(words[1]));
}
}  // namespace

void Scheduler::DeliverJoin(Cpu&, CpuId from, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  const ThreadId id = IdOf(here.id(), words + 1);
  const Joiner joiner{from, words[0]};
  bool waits = false;
  Status status = here.table_.Join(id, joiner, &waits);
  if (!waits) here.AnswerJoin(joiner, id, status);
}

void Scheduler::DeliverWithdrawal(Cpu&, CpuId from, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  here.table_.Withdraw(IdOf(here.id(), words + 1), {from, words[0]});
}

void Scheduler::AnswerJoin(Joiner joiner, ThreadId id, Status status) {
  const uint64_t words[] = {joiner.handle, static_cast<uint64_t>(status), id.index(), id.generation()};
  if (joiner.cpu == this->id()) {
    TakeAnswer(joiner.handle, words + 1, 1);
  } else {
    lines_.Send(joiner.cpu, &DeliverEnded, words, 4);
  }
}

// thread_table.h, I1: who joins from another CPU says so when it has heard of the end.
void Scheduler::DeliverEnded(Cpu&, CpuId from, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  const bool heard = here.TakeAnswer(words[0], words + 1, 1);
  if (heard && static_cast<Status>(words[1]) == Status::kOk) here.lines_.Send(from, &DeliverJoined, words + 2, 2);
}

void Scheduler::DeliverJoined(Cpu&, CpuId, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  here.table_.Joined(IdOf(here.id(), words));
}

// ---- migration, and the way home ----

Status Scheduler::Migrate(CpuId to) {
  Scheduler& here = Current();
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  here.CheckMayBlock();
  if (to == here.id()) return Status::kOk;
  // Its stack lies in the memory of its home.
  if (here.exchange_.isolated()) return Status::kIsolated;
  Thread* self = here.ring_.head();
  if (self->mutexes > 0) return Status::kHoldsMutex;
  if (here.runner_ == self) here.StopBeingRunner();
  Thread::StaysHere stays(*self);  // there, until it has run
  here.LeaveRing(*self);
  here.departed_ = self;
  here.destination_ = to;
  here.SwitchFrom(*self);
  return Status::kOk;
}

// I3: the loop, after the switch away from the thread. Between two CPUs that are not its home a thread passes by its
// home, which so knows where it is (control.cc).
void Scheduler::SendDeparted() {
  Thread& thread = *departed_;
  departed_ = nullptr;
  if (!thread.ended) {
    ++counters_.departed;
    Trace(TraceEvent::kLeave, thread.id, destination_.index());
  }
  if (thread.id.home() == id()) {
    SendAway(thread, destination_);
    return;
  }
  guests_.Remove(&thread);
  Simulation::ThreadLeaves(id(), thread.id.home(), thread.mark);
  const uint64_t words[] = {reinterpret_cast<uint64_t>(&thread), thread.ended ? kEnded : destination_.index()};
  lines_.Send(thread.id.home(), &DeliverReturning, words, 2, &thread.travel);
}

// From home. Not while requests follow the thread (control.cc).
void Scheduler::SendAway(Thread& thread, CpuId to) {
  ThreadTable::Place& place = table_.PlaceOf(thread.id.index());
  if (place.requests_under_way > 0) {
    place.parked = true;
    place.destination = to;
    return;
  }
  place.cpu = to;
  Simulation::ThreadLeaves(id(), to, thread.mark);
  const uint64_t words[] = {reinterpret_cast<uint64_t>(&thread), reinterpret_cast<uint64_t>(thread.stack_low),
                            reinterpret_cast<uint64_t>(thread.stack_high())};
  lines_.Send(to, &DeliverVisitor, words, 3, &thread.travel);
}

// At home: of a thread that comes from another CPU.
void Scheduler::DeliverReturning(Cpu&, CpuId, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  Thread& thread = *reinterpret_cast<Thread*>(words[0]);
  Simulation::ThreadArrives(here.id(), thread.mark);
  if (words[1] == kEnded) {
    thread.arena.EndOwner();
    here.End(thread);
  } else if (words[1] == here.id().index()) {
    here.table_.PlaceOf(thread.id.index()).cpu = here.id();
    here.Arrive(thread, thread.stack_low, thread.stack_high());
  } else {
    here.SendAway(thread, CpuId{words[1]});
  }
}

// The line says what Arrive needs to know, so that the thread's cold lines stay where they are.
void Scheduler::DeliverVisitor(Cpu&, CpuId, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  Thread& thread = *reinterpret_cast<Thread*>(words[0]);
  Simulation::ThreadArrives(here.id(), thread.mark);
  here.guests_.Add(&thread);
  here.Arrive(thread, reinterpret_cast<void*>(words[1]), reinterpret_cast<void*>(words[2]));
}

void Scheduler::Arrive(Thread& thread, void* stack_low, void* stack_high) {
  platform::AdoptGuardPage(stack_low);
  platform::AdoptGuardPage(stack_high);
  ++counters_.arrived;
  work_.asked.Clear();
  Trace(TraceEvent::kArrive, thread.id);
  if ((thread.flags & Thread::kSuspended) == 0) EnterRing(thread);
}

}  // namespace toro
