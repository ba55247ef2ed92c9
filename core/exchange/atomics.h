// The atomics policy: every shared word of the kernel is an Atomics::Word, so that the same protocol source runs over
// std::atomic in the product, over store buffers in the simulator (platform/simulator), and over checked atomics in the
// model checker (tests/models).
//
// MEMORY ORDER. Only loads and stores; no read-modify-write exists here, so none can be used by accident. On x86-64
// each operation is one MOV [sdm3 9.2.2].
#ifndef CORE_EXCHANGE_ATOMICS_H_
#define CORE_EXCHANGE_ATOMICS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/machine/machine.h"
#include "core/machine/simulation.h"

namespace toro {

struct ProductAtomics {
  template <typename T>
  class Word {
   public:
    T LoadRelaxed() const { return value_.load(std::memory_order_relaxed); }
    T LoadAcquire() const { return value_.load(std::memory_order_acquire); }
    void StoreRelaxed(T value) { value_.store(value, std::memory_order_relaxed); }
    void StoreRelease(T value) { value_.store(value, std::memory_order_release); }

   private:
    static_assert(std::atomic<T>::is_always_lock_free);
    std::atomic<T> value_{};
  };

  // A word that is written by its owner only, and read by the next owner after an acquire. The model checker reports a
  // race when a protocol lets both at it.
  template <typename T>
  class Plain {
   public:
    T Get() const { return value_; }
    void Set(T value) { value_ = value; }

   private:
    T value_{};
  };

  // Eight bytes, each stored by an owner of its own, that one reader loads together. The only shared object that is
  // read wider than it is written: x86-64 compilers and CPUs keep that well defined for naturally aligned accesses of
  // this size [sdm3 9.1.1], and no order between the eight bytes is relied upon (the model checker gives none).
  class ByteLine {
   public:
    void StoreByteRelease(size_t byte, uint8_t value) {
      __atomic_store_n(reinterpret_cast<uint8_t*>(&bytes_) + byte, value, __ATOMIC_RELEASE);
    }
    uint64_t LoadAcquire() const { return __atomic_load_n(&bytes_, __ATOMIC_ACQUIRE); }

   private:
    uint64_t bytes_ = 0;
  };

  // The one fence of the kernel: on the way to sleep, never on a send.
  static void FullFence() { Machine::FullFence(); }
};

// What the exchange of this build is made of.
using KernelAtomics = Simulation::Atomics<ProductAtomics>;

}  // namespace toro

#endif  // CORE_EXCHANGE_ATOMICS_H_
