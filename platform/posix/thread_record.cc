#include "platform/posix/thread_record.h"

#include <new>

#include "core/kernel/allocation.h"

namespace toro::posix {
namespace {

constexpr unsigned kGenerationShift = 48;

constinit SpinLock free_lock;
// One list; isolated, one for each CPU, which alone can write its records.
constinit ThreadRecord* free_records[kMaxCpus] = {};

ThreadRecord*& FreeRecords() {
  Scheduler& here = Scheduler::Current();
  return free_records[here.exchange().isolated() ? here.id().index() : 0];
}

ThreadRecord* TakeFree() {
  SpinLockHolder holder(free_lock);
  ThreadRecord*& first = FreeRecords();
  ThreadRecord* record = first;
  if (record != nullptr) first = record->next_free;
  return record;
}

// Everything but what outlives a use (I1).
void Reset(ThreadRecord& record) {
  SpinLockHolder holder(record.lock);
  record.handle = ThreadRecord::Handle::kDetached;
  record.cancel_requested = false;
  record.waiter = nullptr;
  record.joining = nullptr;
  record.name[0] = 0;
  record.ended = 0;
  record.result = nullptr;
  record.start = nullptr;
  record.cancel_enabled = true;
  record.exiting = record.created = false;
  record.keys = nullptr;
}

}  // namespace

ThreadRecord* TakeRecord(uint8_t references) {
  ThreadRecord* record = TakeFree();
  if (record == nullptr) {
    void* memory = AllocateBytes(sizeof(ThreadRecord));
    if (memory == nullptr) return nullptr;
    record = new (memory) ThreadRecord;
  } else {
    Reset(*record);
  }
  record->finish = &FinishRecord;
  record->references.store(references, std::memory_order_relaxed);
  return record;
}

void DropReference(ThreadRecord& record) {
  if (record.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  {
    SpinLockHolder holder(record.lock);
    if (++record.generation == 0) record.generation = 1;
  }
  SpinLockHolder holder(free_lock);
  ThreadRecord*& first = FreeRecords();
  record.next_free = first;
  first = &record;
}

ThreadRecord& CurrentRecord() {
  Thread* self = Scheduler::Current().current();
  if (self->runtime == nullptr) {
    ThreadRecord* record = TakeRecord(1);
    TORO_CHECK(record != nullptr, "no memory for the pthread record of a thread; give the machine more memory");
    record->id = self->id;
    record->cpu = Scheduler::Current().id();
    self->runtime = record;
  }
  return *static_cast<ThreadRecord*>(self->runtime);
}

pthread_t HandleOf(const ThreadRecord& record) {
  return static_cast<pthread_t>(reinterpret_cast<uint64_t>(&record) | static_cast<uint64_t>(record.generation)
                                                                          << kGenerationShift);
}

ThreadRecord* FindAndLock(pthread_t handle) {
  uint64_t generation = static_cast<uint64_t>(handle) >> kGenerationShift;
  uint64_t address = static_cast<uint64_t>(handle) & ((uint64_t{1} << kGenerationShift) - 1);
  auto* record = reinterpret_cast<ThreadRecord*>(address);
  // What has a generation but lies in no partition was never a handle of ours.
  if (generation == 0 || !InPartition(record)) return nullptr;
  // Nor can the lock of a record be taken that another, isolated CPU has.
  Scheduler* here = Scheduler::CurrentOrNull();
  if (here != nullptr && here->exchange().isolated() && here->cpu().owners().OwnerOf(record) != here->id().index()) {
    return nullptr;
  }
  record->lock.Lock();
  if (record->generation == generation) return record;
  record->lock.Unlock();
  return nullptr;
}

ParkResult CancellablePark(const uint32_t* word, uint32_t expected, uint64_t deadline_ns) {
  if (!InThread()) return Park(word, expected, deadline_ns);
  ThreadRecord& self = CurrentRecord();
  if (!self.cancel_enabled || self.exiting) return Park(word, expected, deadline_ns);
  Waiter waiter;
  if (waiter.place == nullptr)
    return self.cancel_requested ? ParkResult::kCancelled : Poll(word, expected, deadline_ns);
  {
    SpinLockHolder holder(self.lock);
    if (self.cancel_requested) return ParkResult::kCancelled;
    ParkResult refused = Enqueue(waiter, word, expected, deadline_ns);
    if (refused != ParkResult::kWoken) return refused;
    self.waiter = &waiter;
  }
  WaitUntilDone(waiter, deadline_ns);
  SpinLockHolder holder(self.lock);
  self.waiter = nullptr;
  return waiter.place->result;
}

}  // namespace toro::posix
