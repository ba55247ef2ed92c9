// SimulatedAtomics: ProductAtomics (core/exchange/atomics.h) over the store buffers of simulated CPUs.
//
// Loads are executed in order and see what is visible, or the CPU's own last store. Acquire and release are what every
// access of this architecture has [sdm3 9.2.2]; the weaker orders of C++ are for the model checker (tests/models).
#ifndef PLATFORM_SIMULATOR_SIMULATED_ATOMICS_H_
#define PLATFORM_SIMULATOR_SIMULATED_ATOMICS_H_

#include <cstddef>
#include <cstdint>

#include "platform/simulator/store_buffers.h"

namespace toro::simulator {

struct SimulatedAtomics {
  template <typename T>
  class Word {
   public:
    T LoadRelaxed() const { return store_buffers.Load(&value_); }
    T LoadAcquire() const { return store_buffers.Load(&value_); }
    void StoreRelaxed(T value) { store_buffers.Store(&value_, value); }
    void StoreRelease(T value) { store_buffers.Store(&value_, value); }

   private:
    T value_{};
  };

  template <typename T>
  class Plain {
   public:
    T Get() const { return value_; }
    void Set(T value) { value_ = value; }

   private:
    T value_{};
  };

  class ByteLine {
   public:
    void StoreByteRelease(size_t byte, uint8_t value) {
      store_buffers.Store(reinterpret_cast<uint8_t*>(&bytes_) + byte, value);
    }
    uint64_t LoadAcquire() const { return store_buffers.Load(&bytes_); }

   private:
    uint64_t bytes_ = 0;
  };

  static void FullFence() { store_buffers.Drain(); }
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_SIMULATED_ATOMICS_H_
