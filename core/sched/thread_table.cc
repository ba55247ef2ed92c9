#include "core/sched/thread_table.h"

#include <new>

namespace toro {

bool ThreadTable::Grow() {
  uint32_t capacity = capacity_ == 0 ? 16 : capacity_ * 2;
  Entry* entries = static_cast<Entry*>(partition_.Allocate(capacity * sizeof(Entry)));
  if (entries == nullptr) return false;
  if (capacity <= capacity_) {  // to find the memory messages were taken, and one of them made the table grow
    partition_.Free(entries);
    return true;
  }
  for (uint32_t i = 0; i < capacity; ++i) new (&entries[i]) Entry(i < capacity_ ? entries_[i] : Entry());
  for (uint32_t i = capacity; i-- > capacity_;) {
    entries[i].next_free = free_;
    free_ = i;
  }
  partition_.Free(entries_);
  entries_ = entries;
  capacity_ = capacity;
  return true;
}

Result<ThreadId> ThreadTable::Add(Thread& thread) {
  while (free_ == kNone) {
    if (!Grow()) return Status::kOutOfMemory;
  }
  uint32_t index = free_;
  Entry& entry = entries_[index];
  free_ = entry.next_free;
  entry.thread = &thread;
  entry.joiner = {};
  entry.used = true;
  entry.detached = false;
  entry.place = {};
  entry.place.cpu = home_;
  ++live_;
  return ThreadId(home_, index, entry.generation);
}

ThreadTable::Entry* ThreadTable::Find(ThreadId id) {
  if (id.home() != home_ || id.index() >= capacity_) return nullptr;
  Entry& entry = entries_[id.index()];
  return entry.used && entry.generation == id.generation() ? &entry : nullptr;
}

void ThreadTable::Release(uint32_t index) {
  Entry& entry = entries_[index];
  entry.used = false;
  if (++entry.generation == 0) entry.generation = 1;
  entry.next_free = free_;
  free_ = index;
}

Status ThreadTable::Join(ThreadId id, Joiner joiner, bool* waits) {
  *waits = false;
  Entry* entry = Find(id);
  if (entry == nullptr) return Status::kNoSuchThread;
  if (entry->detached || entry->joiner.handle != 0) return Status::kAlreadyJoined;
  if (entry->thread == nullptr && joiner.cpu == home_) {
    Release(id.index());
    return Status::kOk;
  }
  entry->joiner = joiner;
  *waits = entry->thread != nullptr;
  return Status::kOk;
}

Status ThreadTable::Detach(ThreadId id) {
  Entry* entry = Find(id);
  if (entry == nullptr) return Status::kNoSuchThread;
  if (entry->detached || entry->joiner.handle != 0) return Status::kAlreadyJoined;
  if (entry->thread == nullptr) {
    Release(id.index());
  } else {
    entry->detached = true;
  }
  return Status::kOk;
}

void ThreadTable::Withdraw(ThreadId id, Joiner joiner) {
  Entry* entry = Find(id);
  if (entry != nullptr && entry->joiner == joiner) entry->joiner = {};
}

void ThreadTable::Joined(ThreadId id) {
  TORO_CHECK(Find(id) != nullptr, "a thread was joined that is not in the table of its home");
  Release(id.index());
}

Joiner ThreadTable::End(ThreadId id) {
  Entry* entry = Find(id);
  TORO_CHECK(entry != nullptr && entry->thread != nullptr, "a thread ended that is not in the table of its home");
  --live_;
  entry->thread = nullptr;
  Joiner joiner = entry->joiner;
  const bool joined = joiner.handle != 0 && joiner.cpu == home_;
  if (joined || entry->detached) Release(id.index());
  return joiner;
}

}  // namespace toro
