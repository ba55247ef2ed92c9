// Parking: a thread waits until another one, of any CPU, wakes whoever waits for a word.
//
// WHY. A std::mutex, a semaphore, a function-local static are shared between CPUs by their meaning, and the standard
// library knows them by address only. So there is one place where waiters queue, keyed by the address of the word that
// they wait for, as a futex is; the pthread functions, std::atomic::wait and the guards of statics are built on it. A
// waiter blocks in its scheduler: its CPU runs other threads, takes messages, and halts when there is nothing else.
// WHY locks here, and not in the core: see cross-CPU objects in docs/standard_threads.md.
//
// INVARIANTS
//   I1. Park compares the word and queues under the lock of the bucket; whoever changes the word calls Unpark after the
//       change. So no wake-up is lost, and there is none without a cause.
//   I2. A Waiter lies on the stack of the thread that waits, and so does its place in the queue, which others write;
//       where CPUs are isolated (docs/isolation.md) the place is one of a pool that all can write. Whoever takes it out
//       of the queue owes it exactly one wake-up, and touches it no more afterwards. A deadline that comes too late
//       finds it out of the queue.
//   I3. The waiter's own CPU stops its timer and makes it ready: others send it a message.
//   I4. A lock of a bucket is held for a few instructions that call nothing that waits: threads are cooperative, so its
//       holder runs, on another CPU, and a spin for it ends.
//   I5. Unpark uses the word's address only: what contains the word may be gone by then.
//
// MEMORY ORDER. The waiter announces itself in `waiters` before it compares the word, the waker changes the word before
// it reads `waiters`; both are sequentially consistent, so one of them sees the other.
//
// COST. Unpark that finds no waiter in the bucket: one fence, one load. Park and wake on one CPU: two locked exchanges
// each, and two switches; between CPUs one line of the channel besides.
#ifndef PLATFORM_POSIX_PARKING_H_
#define PLATFORM_POSIX_PARKING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/units.h"
#include "core/kernel/cpu.h"
#include "core/machine/machine.h"

namespace toro::posix {

inline constexpr size_t kAll = ~size_t{0};

enum class ParkResult : uint8_t {
  kWoken,
  kChanged,    // the word was not `expected`
  kTimedOut,   // at the deadline, on the clock of Machine::NowNs
  kCancelled,  // only of CancellablePark (thread_record.h)
  kGiven,      // woken, and what was waited for is the waiter's already
};

// Waits while `*word` is `expected` and nobody calls Unpark for it. Thread context of a CPU; in message context it
// stops the kernel; on a pthread that is no CPU it polls once and returns kWoken.
ParkResult Park(const uint32_t* word, uint32_t expected, uint64_t deadline_ns = kNever);

// Wakes at most `most` of those who wait for `word`, the longest waiting first. Any context of a CPU. How many.
size_t Unpark(const void* word, size_t most, ParkResult result = ParkResult::kWoken);

// A lock for a few instructions; see I4. What it guards is shared by CPUs.
class SpinLock {
 public:
  constexpr SpinLock() = default;
  void Lock() {
    while (held_.exchange(true, std::memory_order_acquire)) Machine::Relax();
  }
  void Unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

class SpinLockHolder {
 public:
  explicit SpinLockHolder(SpinLock& lock) : lock_(lock) { lock_.Lock(); }
  ~SpinLockHolder() { lock_.Unlock(); }
  SpinLockHolder(const SpinLockHolder&) = delete;
  SpinLockHolder& operator=(const SpinLockHolder&) = delete;

 private:
  SpinLock& lock_;
};

struct Waiter;

// What others may write of one who waits.
struct WaitingPlace : ListLink {
  const void* word = nullptr;
  Waiter* waiter = nullptr;
  CpuId cpu;
  bool queued = false;  // of the bucket's lock
  ParkResult result = ParkResult::kWoken;
  QueuedLine line;  // for the wake-up, when the channel is full
};

// Who waits. Public for CancellablePark.
struct Waiter {
  struct WaiterTimer : Timer {
    Waiter* waiter = nullptr;
  };

  Waiter();
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Thread* thread = nullptr;
  bool done = false;              // of the waiter's CPU
  WaitingPlace* place = nullptr;  // null: isolated, and the pool has none left. Then poll (Poll below)
  WaitingPlace own_place;
  WaiterTimer timer;
};

// Instead of waiting: kChanged, kTimedOut, or, after some microseconds, kWoken. Thread context.
ParkResult Poll(const uint32_t* word, uint32_t expected, uint64_t deadline_ns);

// The steps of Park. Enqueue: kWoken when the waiter is in the queue, else why not.
ParkResult Enqueue(Waiter& waiter, const uint32_t* word, uint32_t expected, uint64_t deadline_ns);
void WaitUntilDone(Waiter& waiter, uint64_t deadline_ns);
// Takes the waiter out of the queue and wakes it with `result`, if it is still there.
void Interrupt(Waiter& waiter, ParkResult result);

// Can the code that runs here wait? Stops the kernel in message context; false on a pthread that is no CPU.
bool InThread();

// Who runs here, as one who may hold a mutex: a thread, the loop of a CPU, or a pthread that is no CPU. Never null.
const void* CallerIdentity();

}  // namespace toro::posix

#endif  // PLATFORM_POSIX_PARKING_H_
