// HandleTable: names for objects of this CPU that other CPUs may keep longer than the objects live.
//
// WHY. Who waits for an answer may give up: its deadline comes, it is cancelled, a future is destroyed. The answer
// comes nevertheless, from a CPU that knows nothing of that. So no other CPU gets a pointer to what waits; it gets a
// handle, and an answer whose handle has been closed finds nothing.
//
// INVARIANTS
//   I1. A handle is one word: 24 bits of index, 40 bits of generation. The generation of an entry grows when it is
//       closed, so a handle finds its object until Close and never anything afterwards, until its entry has been opened
//       2^40 - 1 times more. Zero is no handle, and no generation.
//   I2. One CPU opens, finds and closes; others only carry the word.
#ifndef CORE_SCHED_HANDLE_TABLE_H_
#define CORE_SCHED_HANDLE_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "core/memory/partition.h"

namespace toro {

using Handle = uint64_t;

class HandleTable {
 public:
  // `first_generation`, from 1 to kLastGeneration, is that of the first handle of each entry.
  [[gnu::cold]] explicit HandleTable(Partition& partition, uint64_t first_generation = 1);
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // A handle to `object`; zero when the partition has no room for a larger table.
  Handle Open(void* object) {
    if (__builtin_expect(free_ == kNone, 0) && !Grow()) return 0;
    Entry& entry = entries_[free_];
    const Handle handle = entry.generation << kIndexBits | free_;
    free_ = static_cast<uint32_t>(entry.object_or_next);
    entry.object_or_next = reinterpret_cast<uint64_t>(object);
    ++open_;
    return handle;
  }

  // The object; null when the handle has been closed, or is none.
  template <typename T>
  T* Find(Handle handle) const {
    const Entry* entry = EntryOf(handle);
    return entry != nullptr ? reinterpret_cast<T*>(entry->object_or_next) : nullptr;
  }

  // The object lies elsewhere now. The handle must be open.
  void Move(Handle handle, void* object) { EntryOf(handle)->object_or_next = reinterpret_cast<uint64_t>(object); }

  // The handle must be open.
  void Close(Handle handle) {
    Entry* entry = EntryOf(handle);
    TORO_CHECK(entry != nullptr, "closed a handle that is not open");
    entry->generation = entry->generation < kLastGeneration ? entry->generation + 1 : 1;
    entry->object_or_next = free_;
    free_ = static_cast<uint32_t>(handle & kIndexMask);
    --open_;
  }

  size_t open() const { return open_; }

  static constexpr unsigned kIndexBits = 24;
  static constexpr uint64_t kLastGeneration = ~uint64_t{0} >> kIndexBits;

 private:
  struct Entry {
    uint64_t object_or_next;  // next: while the handle is closed
    uint64_t generation;      // of the handle that is open, or will be opened next
  };

  static constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint32_t kFirstEntries = 32;  // in here, so that calls need no memory

  Entry* EntryOf(Handle handle) const {
    const uint64_t index = handle & kIndexMask;
    if (index >= capacity_) return nullptr;
    Entry& entry = entries_[index];
    return entry.generation == handle >> kIndexBits ? &entry : nullptr;
  }
  void AddToFree(uint32_t begin, uint32_t end);
  [[gnu::cold]] bool Grow();

  Entry* entries_;
  uint32_t capacity_ = kFirstEntries;
  uint32_t free_ = kNone;
  size_t open_ = 0;
  uint64_t first_generation_;
  Partition& partition_;
  Entry first_[kFirstEntries];
};

}  // namespace toro

#endif  // CORE_SCHED_HANDLE_TABLE_H_
