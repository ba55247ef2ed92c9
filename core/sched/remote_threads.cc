// What a scheduler does for and asks of other CPUs: every operation is a message to the owner, and done by the owner.
#include <cstring>

#include "core/machine/platform_services.h"
#include "core/sched/call.h"
#include "core/sched/scheduler.h"

namespace toro {
namespace {

Thread& ThreadOf(Message& message) { return *static_cast<TravelMessage&>(message).thread; }

}  // namespace

// ---- spawn: two hops; the arguments travel, not the thread ----

Result<ThreadId> Scheduler::Spawn(CpuId to, const ThreadBody& body, const ThreadOptions& options) {
  Scheduler& here = Current();
  if (to == here.id()) return here.Create(body, options);
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  struct Created {
    ThreadId id;
    Status status;
  };
  auto create = [](const ThreadBody& b, const ThreadOptions& o) {
    Result<ThreadId> id = Current().Create(b, o);
    return id.ok() ? Created{id.value(), Status::kOk} : Created{ThreadId(), id.status()};
  };
  Created created;
  // A small closure travels in the line of the call; the new owner then touches no memory of the caller at all.
  struct Small {
    void (*run)(void*);
    size_t bytes;
    uint64_t closure[3];
  } small;
  bool is_small = body.move == nullptr && body.bytes <= sizeof small.closure && body.align <= alignof(uint64_t) &&
                  options.stack_bytes == 0 && options.name.empty();
  if (is_small) {
    small = {body.run, body.bytes, {}};
    if (body.bytes > 0) std::memcpy(small.closure, body.closure, body.bytes);
    if (body.bytes == 0) small.closure[0] = reinterpret_cast<uint64_t>(body.closure);
    created = CallOn(to, [small, create]() mutable {
      ThreadBody copy;
      copy.run = small.run;
      copy.bytes = small.bytes;
      copy.closure = small.bytes > 0 ? small.closure : reinterpret_cast<void*>(small.closure[0]);
      return create(copy, ThreadOptions());
    });
  } else {
    created = CallOn(to, [&body, &options, create] { return create(body, options); });
  }
  if (created.status != Status::kOk) return created.status;
  return created.id;
}

Status Scheduler::SpawnDetached(CpuId to, void (*function)(void*), void* argument) {
  const uint64_t words[] = {reinterpret_cast<uint64_t>(function), reinterpret_cast<uint64_t>(argument)};
  if (to.index() >= Current().exchange_.cpus()) return Status::kNoSuchCpu;
  if (to == Current().id()) {
    DeliverDetached(Current().cpu_, to, words, 2);
    return Status::kOk;
  }
  while (!Current().exchange_.Pack(to, &DeliverDetached, words, 2)) Yield();
  return Status::kOk;
}

void Scheduler::DeliverDetached(Cpu&, CpuId, const uint64_t* words, size_t count) {
  Scheduler& here = Current();
  for (size_t i = 0; i + 1 < count; i += 2) {
    ThreadBody body;
    body.run = reinterpret_cast<void (*)(void*)>(words[i]);
    body.closure = reinterpret_cast<void*>(words[i + 1]);
    Result<ThreadId> id = here.Create(body, ThreadOptions());
    TORO_CHECK(id.ok(), "no memory for a detached thread; use Spawn to be told, or give the machine more memory");
    TORO_CHECK(here.Detach(id.value()) == Status::kOk);
  }
}

// ---- join: asked at home ----

Status Scheduler::Join(ThreadId id) {
  Scheduler& here = Current();
  if (id.home().index() >= here.exchange_.cpus() || id.generation() == 0) return Status::kNoSuchThread;
  here.CheckMayBlock();
  if (here.current()->id == id) return Status::kWouldDeadlock;
  JoinCall call;
  call.target = id;
  call.joiner_cpu = here.id();
  call.joiner = here.current();
  if (id.home() == here.id()) {
    bool waits = false;
    call.status = here.table_.Join(call, &waits);
    call.done = !waits;
  } else {
    call.deliver = &DeliverJoin;
    here.exchange_.Post(id.home(), call);
  }
  while (!call.done) Block();
  return call.status;
}

void Scheduler::DeliverJoin(Cpu&, Message& message) {
  JoinCall& call = static_cast<JoinCall&>(message);
  bool waits = false;
  call.status = Current().table_.Join(call, &waits);
  if (!waits) Current().CompleteJoin(call);
}

void Scheduler::CompleteJoin(JoinCall& call) {
  if (call.joiner_cpu == id()) {
    call.done = true;
    MakeReady(*call.joiner);
  } else {
    call.deliver = &DeliverJoinReply;
    exchange_.Post(call.joiner_cpu, call);
  }
}

void Scheduler::DeliverJoinReply(Cpu&, Message& message) {
  JoinCall& call = static_cast<JoinCall&>(message);
  call.done = true;
  Current().MakeReady(*call.joiner);
}

// ---- migration, and the way home ----

Status Scheduler::Migrate(CpuId to) {
  Scheduler& here = Current();
  if (to.index() >= here.exchange_.cpus()) return Status::kNoSuchCpu;
  here.CheckMayBlock();
  if (to == here.id()) return Status::kOk;
  Thread* self = here.ring_.head();
  here.ring_.Remove(*self);
  here.departed_ = self;
  here.destination_ = to;
  here.departure_ = Departure::kMigrates;
  here.SwitchFrom(*self);
  return Status::kOk;
}

void Scheduler::ArriveByMigration(Cpu&, Message& message) {
  Thread& thread = ThreadOf(message);
  platform::AdoptGuardPage(thread.stack_low);
  ++Current().counters_.arrived;
  Current().MakeReady(thread);
}

void Scheduler::ArriveHome(Cpu&, Message& message) { Current().End(ThreadOf(message)); }

}  // namespace toro
