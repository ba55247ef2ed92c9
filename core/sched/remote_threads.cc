// What a scheduler does for and asks of other CPUs: every operation is a message to the owner, and done by the owner.
#include <cstring>

#include "core/machine/platform_services.h"
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
  Result<ThreadId> id = Scheduler::Current().Create(body, options);
  return id.ok() ? Created{id.value(), Status::kOk} : Created{ThreadId(), id.status()};
}

// A small closure with its function. It travels in the line of the call, so that the new owner touches no memory of the
// caller at all.
struct SmallBody {
  void (*run)(void*);
  size_t bytes;
  uint64_t closure[3];

  Created operator()() {
    ThreadBody body;
    body.run = run;
    body.bytes = bytes;
    body.closure = bytes > 0 ? closure : reinterpret_cast<void*>(closure[0]);
    return CreateHere(body, ThreadOptions());
  }
};
static_assert(call_internal::kFitsALine<SmallBody, Created>);

}  // namespace

Result<ThreadId> Scheduler::Spawn(CpuId to, const ThreadBody& body, const ThreadOptions& options) {
  Scheduler& here = Current();
  if (to == here.id()) return here.Create(body, options);
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  Created created;
  bool is_small = body.move == nullptr && body.bytes <= sizeof(SmallBody::closure) && body.align <= alignof(uint64_t) &&
                  options.stack_bytes == 0 && options.name.empty();
  if (is_small) {
    SmallBody small{body.run, body.bytes, {}};
    if (body.bytes > 0) {
      std::memcpy(small.closure, body.closure, body.bytes);
    } else {
      small.closure[0] = reinterpret_cast<uint64_t>(body.closure);
    }
    created = CallOn(to, small);
  } else {
    created = CallOn(to, [&body, &options] { return CreateHere(body, options); });
  }
  if (created.status != Status::kOk) return created.status;
  return created.id;
}

// ---- join: asked at home, answered when the thread has ended ----

Status Scheduler::Join(ThreadId id) {
  Scheduler& here = Current();
  if (id.home().index() >= here.exchange_.cpus() || id.generation() == 0) return Status::kNoSuchThread;
  here.CheckMayBlock();
  if (here.current()->id == id) return Status::kWouldDeadlock;
  uint64_t answer = 0;
  CallRecord record;
  record.caller = here.current();
  record.value = &answer;
  if (id.home() == here.id()) {
    bool waits = false;
    Status status = here.table_.Join(id, {here.id(), &record}, &waits);
    if (!waits) return status;
  } else {
    const uint64_t words[] = {reinterpret_cast<uint64_t>(&record), id.index(), id.generation()};
    while (!Current().exchange_.SendLine(id.home(), &DeliverJoinLine, words, 3)) Yield();
  }
  while (!record.done) Block();
  return static_cast<Status>(answer);
}

void Scheduler::DeliverJoinLine(Cpu&, CpuId from, const uint64_t* words, size_t) {
  Scheduler& here = Current();
  ThreadId id(here.id(), static_cast<uint32_t>(words[1]), static_cast<uint32_t>(words[2]));
  Joiner joiner{from, reinterpret_cast<CallRecord*>(words[0])};
  bool waits = false;
  Status status = here.table_.Join(id, joiner, &waits);
  if (!waits) here.AnswerJoin(joiner, status);
}

void Scheduler::AnswerJoin(Joiner joiner, Status status) {
  const uint64_t answer = static_cast<uint64_t>(status);
  AnswerCall(*this, joiner.cpu, *joiner.record, &answer, 1);
}

// ---- migration, and the way home ----

Status Scheduler::Migrate(CpuId to) {
  Scheduler& here = Current();
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  here.CheckMayBlock();
  if (to == here.id()) return Status::kOk;
  Thread* self = here.ring_.head();
  if (here.runner_ == self) here.StopBeingRunner();
  here.ring_.Remove(*self);
  here.departed_ = self;
  here.destination_ = to;
  here.SwitchFrom(*self);
  return Status::kOk;
}

void Scheduler::Arrive(Thread& thread, void* stack_low, void* stack_high) {
  platform::AdoptGuardPage(stack_low);
  platform::AdoptGuardPage(stack_high);
  ++counters_.arrived;
  MakeReady(thread);
}

void Scheduler::DeliverTraveller(Cpu&, Message& message) {
  Thread& thread = *static_cast<TravelMessage&>(message).thread;
  thread.ended ? Current().End(thread) : Current().Arrive(thread, thread.stack_low, thread.stack_high());
}

// The line says what Arrive needs to know, so that the thread's cold lines stay where they are.
void Scheduler::DeliverTravellerLine(Cpu&, CpuId, const uint64_t* words, size_t) {
  Thread& thread = *reinterpret_cast<Thread*>(words[0]);
  void* stack_low = reinterpret_cast<void*>(words[1]);
  void* stack_high = reinterpret_cast<void*>(words[2]);
  stack_low == nullptr ? Current().End(thread) : Current().Arrive(thread, stack_low, stack_high);
}

}  // namespace toro
