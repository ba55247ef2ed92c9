#include "core/sched/handle_table.h"

#include <cstring>

namespace toro {

HandleTable::HandleTable(Partition& partition, uint64_t first_generation)
    : entries_(first_), first_generation_(first_generation), partition_(partition) {
  AddToFree(0, kFirstEntries);
}

void HandleTable::AddToFree(uint32_t begin, uint32_t end) {
  for (uint32_t i = end; i-- > begin;) {
    entries_[i] = {free_, first_generation_};
    free_ = i;
  }
}

bool HandleTable::Grow() {
  const uint32_t capacity = capacity_ * 2;
  if (capacity > kIndexMask + 1) return false;
  auto* entries = static_cast<Entry*>(partition_.Allocate(capacity * sizeof(Entry)));
  if (entries == nullptr) return free_ != kNone;
  // To find the memory messages were taken, and one of them may have made the table grow, or closed a handle.
  if (capacity <= capacity_ || free_ != kNone) {
    partition_.Free(entries);
    return free_ != kNone || Grow();
  }
  std::memcpy(entries, entries_, capacity_ * sizeof(Entry));
  if (entries_ != first_) partition_.Free(entries_);
  entries_ = entries;
  const uint32_t before = capacity_;
  capacity_ = capacity;
  AddToFree(before, capacity);
  return true;
}

}  // namespace toro
