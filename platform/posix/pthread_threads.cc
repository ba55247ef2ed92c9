// pthread_create, join, detach, self, names, affinity; and with them std::thread and std::jthread.
//
// WHERE A THREAD STARTS. A thread of the kernel stays on the CPU where it was created until it asks to move, so
// the choice is made here: in turn over the CPUs, beginning with the one after the creator's, among those that the
// attributes allow. Each creating CPU counts for itself. Isolated CPUs (docs/isolation.md): always the creator's,
// because what a std::thread is given and what it returns lies on its creator's heap, and it writes there.
#include <pthread.h>
#include <sched.h>
#include <sys/single_threaded.h>

#include <cerrno>
#include <cstring>

#include "core/kernel/toro.h"
#include "core/machine/platform_services.h"
#include "platform/posix/forced_unwind.h"
#include "platform/posix/outside.h"
#include "platform/posix/thread_record.h"

namespace toro::posix {
namespace {

// What ordinary libraries are tested with elsewhere; 33 pages and the guard, so that stacks do not share cache sets.
constexpr size_t kStackBytes = 33 * kPageBytes;

// Threads of pthread_create that have not ended. A parking word: pthread_exit of main waits for 0.
constinit uint32_t living = 0;

// Touched by the CPU of the same number.
constinit uint32_t started[kMaxCpus] = {};

struct Wanted {
  size_t stack_bytes = kStackBytes;
  bool detached = false;
  cpu_set_t cpus;
};

// What differs from the defaults of pthread_attr_init, which the C library alone knows.
int Read(const pthread_attr_t* attributes, Wanted& wanted) {
  memset(&wanted.cpus, 0xff, sizeof wanted.cpus);
  if (attributes == nullptr) return 0;
  pthread_attr_t fresh;
  size_t fresh_bytes = 0, bytes = 0;
  int state = PTHREAD_CREATE_JOINABLE;
  pthread_attr_init(&fresh);
  pthread_attr_getstacksize(&fresh, &fresh_bytes);
  pthread_attr_destroy(&fresh);
  pthread_attr_getstacksize(attributes, &bytes);
  pthread_attr_getdetachstate(attributes, &state);
  if (bytes != fresh_bytes) wanted.stack_bytes = bytes;
  wanted.detached = state == PTHREAD_CREATE_DETACHED;
  return pthread_attr_getaffinity_np(attributes, sizeof wanted.cpus, &wanted.cpus);
}

// False: no CPU of ours is in the set.
bool Choose(const cpu_set_t& set, CpuId& chosen) {
  size_t own = CurrentCpu().index();
  size_t cpus = CpuCount();
  if (Scheduler::Current().exchange().isolated()) {
    chosen = CpuId{own};
    return own >= CPU_SETSIZE || CPU_ISSET(own, &set);
  }
  for (size_t tried = 0; tried < cpus; ++tried) {
    size_t cpu = (own + ++started[own]) % cpus;
    if (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set)) continue;
    chosen = CpuId{cpu};
    return true;
  }
  return false;
}

void SetId(ThreadRecord& record, ThreadId id) {
  SpinLockHolder holder(record.lock);
  record.id = id;
}

void Run(ThreadRecord& record) {
  Thread* self = Scheduler::Current().current();
  self->runtime = &record;
  SetId(record, self->id);
  record.result = RunUntilUnwound(record.start, record.argument);
}

int ErrorOf(Status status) { return status == Status::kInvalidArgument ? EINVAL : EAGAIN; }

int Start(pthread_t* thread, const Wanted& wanted, void* (*start)(void*), void* argument) {
  CpuId cpu;
  if (!Choose(wanted.cpus, cpu)) return EINVAL;
  ThreadRecord* record = TakeRecord(wanted.detached ? 1 : 2);
  if (record == nullptr) return EAGAIN;
  record->handle = wanted.detached ? ThreadRecord::Handle::kDetached : ThreadRecord::Handle::kJoinable;
  record->cpu = cpu;
  record->start = start;
  record->argument = argument;
  record->created = true;
  *thread = HandleOf(*record);  // before the thread runs: it may read it
  __atomic_fetch_add(&living, 1, __ATOMIC_SEQ_CST);
  ThreadOptions options;
  options.stack_bytes = wanted.stack_bytes;
  Result<ThreadId> id = Spawn(
      cpu, [record] { Run(*record); }, options);
  if (!id.ok()) {
    __atomic_fetch_sub(&living, 1, __ATOMIC_SEQ_CST);
    record->references.store(1, std::memory_order_relaxed);
    DropReference(*record);
    return ErrorOf(id.status());
  }
  // A detached one may have ended, and the record be another's.
  wanted.detached ? (void)toro::Detach(id.value()) : SetId(*record, id.value());
  return 0;
}

// Marks the caller as the one that joins `thread`.
int BeginJoin(pthread_t thread, ThreadRecord& self, ThreadRecord*& found) {
  found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  int error = 0;
  if (found == &self || found->joining == &self) {
    error = EDEADLK;
  } else if (found->handle != ThreadRecord::Handle::kJoinable) {
    error = EINVAL;
  } else {
    found->handle = ThreadRecord::Handle::kJoining;
  }
  found->lock.Unlock();
  if (error != 0) return error;
  SpinLockHolder holder(self.lock);
  self.joining = found;
  return 0;
}

void EndJoin(ThreadRecord& self, ThreadRecord* found, ThreadRecord::Handle handle) {
  {
    SpinLockHolder holder(self.lock);
    self.joining = nullptr;
  }
  SpinLockHolder holder(found->lock);
  found->handle = handle;
}

// `found` has ended, and the caller is the one that joins it. It has yet to leave its stack, which takes a moment only.
// The join has succeeded: a cancel waits for the next point.
void FinishJoin(ThreadRecord& self, ThreadRecord* found, void** result) {
  toro::Status status;
  {
    CancelGuard guard;
    status = toro::Join(found->id);
  }
  TORO_CHECK(status == toro::Status::kOk, "a thread of pthread_create was joined or detached by toro::Join or Detach");
  if (result != nullptr) *result = found->result;
  EndJoin(self, found, ThreadRecord::Handle::kDetached);
  DropReference(*found);
}

// Runs of main: the first thread of CPU 0.
bool IsMain(const ThreadRecord& record) { return !record.created && record.id == ThreadId(kBootCpu, 0, 1); }

}  // namespace

void FinishRecord(ThreadRuntime& runtime) {
  auto& record = static_cast<ThreadRecord&>(runtime);
  record.exiting = true;
  RunKeyDestructors(record);
  if (record.created) {
    __atomic_store_n(&record.ended, 1, __ATOMIC_SEQ_CST);
    Unpark(&record.ended, kAll);
    if (__atomic_sub_fetch(&living, 1, __ATOMIC_SEQ_CST) == 0) Unpark(&living, kAll);
  }
  DropReference(record);
}

void EndThread(void* result) {
  ThreadRecord& self = CurrentRecord();
  self.exiting = true;
  self.result = result;
  if (IsMain(self)) {
    while (uint32_t others = __atomic_load_n(&living, __ATOMIC_SEQ_CST)) Park(&living, others);
    platform::Exit(0);
  }
  Scheduler::Exit();
}

}  // namespace toro::posix

using namespace toro::posix;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

// EAGAIN: no memory in the chosen CPU's partition. EINVAL: the stack is too small, or no CPU of the affinity set
// exists, or, isolated, the set has not this CPU.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (here == nullptr || !here->MayBlock()) return outside::Create(thread, attributes, start, argument);
  Wanted wanted;
  if (int error = Read(attributes, wanted)) return error;
  // libstdc++ leaves out wake-ups while this is set, even if there is one CPU.
  if (__libc_single_threaded != 0) __libc_single_threaded = 0;
  return Start(thread, wanted, start, argument);
}

// ESRCH: no such thread, or joined already. EINVAL: detached, or another thread joins it. EDEADLK: itself, or it joins
// the caller. A cancellation point; the thread can be joined by another one then.
int pthread_join(pthread_t thread, void** result) {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (here == nullptr || !here->MayBlock()) return outside::Join(thread, result);
  ThreadRecord& self = CurrentRecord();
  EndIfCancelled();
  ThreadRecord* found;
  if (int error = BeginJoin(thread, self, found)) return error;
  while (__atomic_load_n(&found->ended, __ATOMIC_SEQ_CST) == 0) {
    if (CancellablePark(&found->ended, 0) != ParkResult::kCancelled) continue;
    EndJoin(self, found, ThreadRecord::Handle::kJoinable);
    EndIfCancelled();
  }
  FinishJoin(self, found, result);
  return 0;
}

// EBUSY: it has not ended. Else as pthread_join, but no cancellation point.
int pthread_tryjoin_np(pthread_t thread, void** result) noexcept {
  ThreadRecord* found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  bool ended = __atomic_load_n(&found->ended, __ATOMIC_SEQ_CST) != 0;
  found->lock.Unlock();
  if (!ended) return EBUSY;
  ThreadRecord& self = CurrentRecord();
  if (int error = BeginJoin(thread, self, found)) return error;
  FinishJoin(self, found, result);
  return 0;
}

// ESRCH, EINVAL as pthread_join.
int pthread_detach(pthread_t thread) noexcept {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (here == nullptr || !here->MayBlock()) return outside::Detach(thread);
  ThreadRecord* found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  bool joinable = found->handle == ThreadRecord::Handle::kJoinable;
  if (joinable) found->handle = ThreadRecord::Handle::kDetached;
  toro::ThreadId id = found->id;
  found->lock.Unlock();
  if (!joinable) return EINVAL;
  (void)toro::Detach(id);
  DropReference(*found);
  return 0;
}

// 0 where there is no thread: in message context.
TORO_UNINSTRUMENTED pthread_t pthread_self() noexcept {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (here == nullptr || here->current() == nullptr) return outside::Self();
  return HandleOf(CurrentRecord());
}

int pthread_equal(pthread_t a, pthread_t b) noexcept { return a == b; }

// ---- names ----

// ERANGE: longer than 15 characters. The calling thread's name appears in reports; another's in pthread_getname_np
// only, for its descriptor belongs to the CPU on which it runs.
int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  size_t length = strlen(name);
  if (length >= sizeof ThreadRecord::name) return ERANGE;
  ThreadRecord* found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  memcpy(found->name, name, length + 1);
  found->lock.Unlock();
  toro::Thread* self = toro::Scheduler::Current().current();
  if (self != nullptr && self->runtime == found) memcpy(self->name, name, length + 1);
  return 0;
}

int pthread_getname_np(pthread_t thread, char* name, size_t bytes) noexcept {
  ThreadRecord* found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  size_t needed = strlen(found->name) + 1;
  if (needed <= bytes) memcpy(name, found->name, needed);
  found->lock.Unlock();
  return needed <= bytes ? 0 : ERANGE;
}

// ---- CPUs ----

int sched_getcpu() noexcept { return static_cast<int>(toro::CurrentCpu().index()); }

// Moves the calling thread to a CPU of the set, unless it is on one. ENOTSUP: another thread, for only a thread itself
// moves; or the CPUs are isolated. EINVAL: no CPU of the set exists.
int pthread_setaffinity_np(pthread_t thread, size_t bytes, const cpu_set_t* cpus) noexcept {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (here == nullptr || !here->MayBlock() || thread != pthread_self()) return ENOTSUP;
  if (CPU_ISSET_S(here->id().index(), bytes, cpus)) return 0;
  for (size_t cpu = 0; cpu < toro::CpuCount(); ++cpu) {
    if (!CPU_ISSET_S(cpu, bytes, cpus)) continue;
    toro::Status status = toro::Migrate(toro::CpuId{cpu});
    CurrentRecord().cpu = toro::CurrentCpu();
    if (status == toro::Status::kIsolated) return ENOTSUP;
    return status == toro::Status::kOk ? 0 : EINVAL;
  }
  return EINVAL;
}

// The one CPU on which the thread is, for it stays there.
int pthread_getaffinity_np(pthread_t thread, size_t bytes, cpu_set_t* cpus) noexcept {
  ThreadRecord* found = FindAndLock(thread);
  if (found == nullptr) return ESRCH;
  size_t cpu = found->cpu.index();
  found->lock.Unlock();
  if (cpu / 8 >= bytes) return EINVAL;
  memset(cpus, 0, bytes);
  CPU_SET_S(cpu, bytes, cpus);
  return 0;
}

}  // extern "C"
