// WorkRequests: which CPUs have asked this one for work, and which ones this CPU has asked (Scheduler::SetTakesWork).
//
// WHY asking. A CPU that took threads from another would need a ring that both may touch. Here a CPU without work sends
// one line to each other CPU, and halts; the request stays open. A CPU that has more ready threads than the one that it
// goes on with hands some over at its next turn of the loop, by the way that every migration takes.
//
// INVARIANTS
//   I1. Only threads go that allow it (ThreadOptions::may_move), that have not begun or have yielded, and that hold no
//       mutex. One that was woken from a wait, or has just migrated, runs here first (Thread::StaysHere). Nobody stands
//       on their stacks: the loop hands them over.
//   I2. A request is answered once, with up to kMostGiven threads, or stays open. A CPU asks another again only after
//       some thread has arrived here. So CPUs that have nothing to give and nothing to do send nothing.
//   I3. A CPU that takes no work any more withdraws what it asked for; what was on the way by then still comes.
//
// COST. Off: one comparison per turn of the loop and per sleep. On: a line to each other CPU per idle time that follows
// an arrival, and a walk over at most kMostLooked ready threads per turn of the loop while a request is open.
#ifndef CORE_SCHED_SPREADING_H_
#define CORE_SCHED_SPREADING_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"

namespace toro {

// A set of CPUs that knows its size.
class CpuSet {
 public:
  size_t size() const { return size_; }
  bool Has(CpuId cpu) const { return (words_[cpu.index() / 64] >> (cpu.index() % 64) & 1) != 0; }
  void Add(CpuId cpu) {
    size_ += Has(cpu) ? 0 : 1;
    words_[cpu.index() / 64] |= uint64_t{1} << (cpu.index() % 64);
  }
  void Remove(CpuId cpu) {
    size_ -= Has(cpu) ? 1 : 0;
    words_[cpu.index() / 64] &= ~(uint64_t{1} << (cpu.index() % 64));
  }
  // One of them, which is taken out. The set must not be empty.
  CpuId TakeFirst() {
    size_t word = 0;
    while (words_[word] == 0) ++word;
    size_t bit = static_cast<size_t>(__builtin_ctzll(words_[word]));
    words_[word] &= words_[word] - 1;
    --size_;
    return CpuId{word * 64 + bit};
  }
  void Clear() {
    for (uint64_t& word : words_) word = 0;
    size_ = 0;
  }

 private:
  uint64_t words_[kMaxCpus / 64] = {};
  size_t size_ = 0;
};

struct WorkRequests {
  static constexpr size_t kMostGiven = 32;
  static constexpr size_t kMostLooked = 64;

  bool takes_work = false;
  CpuSet asked;   // by this CPU, and no thread has arrived here since
  CpuSet askers;  // who wait for threads of this CPU
};

}  // namespace toro

#endif  // CORE_SCHED_SPREADING_H_
