#include "platform/posix/thread_record.h"

#include <new>

#include "core/kernel/allocation.h"

namespace toro::posix {
namespace {

constexpr unsigned kGenerationShift = 48;

constinit SpinLock free_lock;
constinit ThreadRecord* free_records = nullptr;

ThreadRecord* TakeFree() {
  SpinLockHolder holder(free_lock);
  ThreadRecord* record = free_records;
  if (record != nullptr) free_records = record->next_free;
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
  record.next_free = free_records;
  free_records = &record;
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
  return waiter.result;
}

}  // namespace toro::posix
