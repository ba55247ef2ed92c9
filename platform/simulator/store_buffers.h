// StoreBuffers: what each simulated CPU has stored into shared words and the others do not see yet.
//
// WHY. A CPU of this architecture may see its own stores before the others do, and the others see them in order
// [sdm3 9.2.2]. The host that runs the simulator hides that: there is one thread. So each shared word of the exchange
// (simulated_atomics.h) is stored into a queue first, and leaves it at a time that the seed chooses.
//
// TIME here is counted in ticks: one per access of a shared word by any CPU, and one per step. So a store may become
// visible between any two accesses of another CPU, in the middle of its step too.
//
// INVARIANTS
//   I1. The stores of one CPU become visible in the order in which it made them.
//   I2. A CPU sees its own stores at once.
//   I3. A fence makes all earlier stores of the CPU visible before anything after it.
//   I4. A wake-up is sent after the stores before it are visible (platform::WakeCpu): it waits in the same queue.
//   I5. Every store becomes visible: after at most 2^kMostDelayBits ticks per store in the queue, and when kMostStores
//       wait, the first one leaves at once.
#ifndef PLATFORM_SIMULATOR_STORE_BUFFERS_H_
#define PLATFORM_SIMULATOR_STORE_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/cpu_id.h"
#include "platform/simulator/cpu_set.h"
#include "platform/simulator/random_stream.h"

namespace toro::simulator {

class StoreBuffers {
 public:
  static constexpr unsigned kMostDelayBits = 16;
  static constexpr size_t kMostStores = 64;  // as many as large CPUs have
  static constexpr uint64_t kNoTick = ~uint64_t{0};

  // From now on stores wait for less than 2^`delay_bits` ticks each. `wake` is called when a wake-up is sent.
  void Begin(uint64_t seed, unsigned delay_bits, void (*wake)(CpuId target));

  // CPU `cpu` runs from now on, and a tick passes.
  void Step(CpuId cpu) {
    own_ = &queues_[cpu.index()];
    running_ = cpu;
    Tick();
  }

  template <typename T>
  T Load(const T* word) {
    Tick();
    T value = *word;
    if (__builtin_expect(own_->count != 0, 0)) Forward(word, &value, sizeof value);
    return value;
  }

  template <typename T>
  void Store(T* word, T value) {
    static_assert(sizeof(T) <= sizeof(uint64_t));
    uint64_t bytes = 0;
    std::memcpy(&bytes, &value, sizeof value);
    Put(word, bytes, sizeof value);
  }

  // Sends a wake-up to `target` (I4).
  void Wake(CpuId target) { Put(nullptr, target.index(), 0); }

  // I3, of the CPU that runs.
  void Drain() {
    while (own_->count > 0) MakeVisible(*own_, running_);
    FindNextDue();
  }

  uint64_t tick() const { return tick_; }
  // An index of kMaxCpus: none yet.
  CpuId running() const { return running_; }
  // When the next store becomes visible; kNoTick: none waits.
  uint64_t next_due() const { return next_due_; }
  // Lets time pass until `tick`, which is not in the past.
  void PassTo(uint64_t tick) {
    tick_ = tick;
    if (tick_ >= next_due_) MakeDueVisible();
  }

 private:
  struct Pending {
    void* word = nullptr;  // null: a wake-up, of the CPU `value`
    uint64_t value = 0;
    uint64_t due = 0;
    size_t bytes = 0;
  };
  struct Queue {
    size_t first = 0;
    size_t count = 0;
    Pending stores[kMostStores] = {};

    Pending& at(size_t place) { return stores[(first + place) % kMostStores]; }
  };

  void Tick() {
    if (__builtin_expect(++tick_ >= next_due_, 0)) MakeDueVisible();
  }
  void Put(void* word, uint64_t value, size_t bytes);
  void Forward(const void* word, void* value, size_t bytes) const;
  void MakeVisible(Queue& queue, CpuId cpu);
  void MakeDueVisible();
  void FindNextDue();

  uint64_t tick_ = 0;
  uint64_t next_due_ = kNoTick;
  Queue* own_ = &nobody_;
  CpuId running_{kMaxCpus};
  unsigned delay_bits_ = 0;
  void (*wake_)(CpuId) = nullptr;
  RandomStream random_{0, kStoreStream};
  CpuSet waiting_;  // CPUs with stores that wait
  Queue nobody_;    // before any CPU runs nothing waits
  Queue queues_[kMaxCpus];
};

// Of this process.
extern StoreBuffers store_buffers;

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_STORE_BUFFERS_H_
