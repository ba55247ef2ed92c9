// Barrier: so many threads, of any CPUs, wait for each other, again and again.
//
// INVARIANTS
//   I1. A barrier belongs to the CPU on which it was made; who arrives elsewhere says so to it by message.
//   I2. Everybody who is let go in one round had arrived before the first of them goes on.
//   I3. Who gives up takes its arrival back, unless the others have been let go already.
#ifndef CORE_KERNEL_BARRIER_H_
#define CORE_KERNEL_BARRIER_H_

#include <cstddef>

#include "core/kernel/toro.h"
#include "core/sched/answer.h"

namespace toro {

class Barrier {
 public:
  // For rounds of `threads`, one at least.
  explicit Barrier(size_t threads);
  // On its owner, when nobody waits.
  ~Barrier();
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // Waits until as many threads have arrived as make a round. kTimedOut, kCancelled: the arrival is taken back.
  // kClosed: the barrier is gone. Thread context of any CPU.
  Status Arrive(uint64_t deadline_ns = kNever);

 private:
  struct Arrived {
    CpuId cpu;
    Handle answer;
  };

  static void DeliverArrival(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  static void DeliverWithdrawal(Cpu& here, CpuId from, const uint64_t* words, size_t count) TORO_ON(here);
  void Add(Arrived arrived);
  void Withdraw(Arrived arrived);

  const CpuId owner_;
  Handle handle_;
  const size_t threads_;
  size_t arrived_count_ = 0;
  Arrived* arrived_;
};

}  // namespace toro

#endif  // CORE_KERNEL_BARRIER_H_
