#include "core/sched/guest_table.h"

#include <cstring>

#include "core/base/check.h"

namespace toro {

void GuestTable::Add(Thread* thread) {
  if (size_ + 1 > capacity_ / 2) Grow();
  size_t place = PlaceOf(thread);
  TORO_CHECK(slots_[place] == nullptr, "a thread arrived where it is");
  slots_[place] = thread;
  ++size_;
}

void GuestTable::Remove(const Thread* thread) {
  size_t hole = PlaceOf(thread);
  TORO_CHECK(slots_[hole] != nullptr, "a thread left that is not here");
  slots_[hole] = nullptr;
  --size_;
  // I2: an entry may fill the hole if its home does not lie between the hole and itself.
  const size_t mask = capacity_ - 1;
  for (size_t at = (hole + 1) & mask; slots_[at] != nullptr; at = (at + 1) & mask) {
    if (((at - HomeOf(slots_[at])) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    slots_[at] = nullptr;
    hole = at;
  }
}

void GuestTable::Grow() {
  const size_t capacity = capacity_ * 2;
  auto** slots = static_cast<Thread**>(partition_.Allocate(capacity * sizeof(Thread*)));
  // To find the memory messages may have been taken, and the table may have grown.
  if (slots == nullptr || capacity <= capacity_) {
    TORO_CHECK(size_ + 1 < capacity_, "no memory to note the arrival of a thread; give the machine more memory");
    if (slots != nullptr) partition_.Free(slots);
    return;
  }
  std::memset(slots, 0, capacity * sizeof(Thread*));
  Thread** before = slots_;
  const size_t before_capacity = capacity_;
  slots_ = slots;
  capacity_ = capacity;
  for (size_t i = 0; i < before_capacity; ++i) {
    if (before[i] != nullptr) slots_[PlaceOf(before[i])] = before[i];
  }
  if (before != first_) partition_.Free(before);
}

}  // namespace toro
