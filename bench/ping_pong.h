// The raw ping-pong: a counter goes to the other CPU in one line and comes back in another. The physical limit of a
// round trip between two CPUs by two words, and the yardstick of every cross-CPU sample.
//
// WHY by hand. A virtual CPU is moved between physical cores by the hypervisor: the same program then takes 50, 130 or
// 600 ns from one second to the next. What a sample is worth can only be said beside what this took at the same moment.
//
// LAYOUT. Each word alone on 128 bytes, as the shared words of the kernel are.
#ifndef BENCH_PING_PONG_H_
#define BENCH_PING_PONG_H_

#include <atomic>
#include <cstdint>

#include "bench/spin.h"
#include "core/base/units.h"

namespace toro::bench {

struct alignas(kSharedStrideBytes) SharedWord {
  std::atomic<uint64_t> value{0};
};

// How the word is written. Reading is a plain load in all three.
struct PublishByMov {
  static void Store(std::atomic<uint64_t>& word, uint64_t value) { word.store(value, std::memory_order_release); }
};
struct PublishByXchg {
  static void Store(std::atomic<uint64_t>& word, uint64_t value) { word.exchange(value); }
};
struct PublishByLockCmpxchg {
  static void Store(std::atomic<uint64_t>& word, uint64_t value) {
    uint64_t expected = value - 1;
    while (!word.compare_exchange_strong(expected, value)) {
    }
  }
};

template <typename Publish = PublishByMov>
class PingPong {
 public:
  bool Near(uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; ++i) {
      uint64_t turn = ++near_turn_;
      Publish::Store(there_.value, turn);
      SpinUntil([&] { return back_.value.load(std::memory_order_acquire) == turn; });
    }
    return true;
  }

  bool Far(uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; ++i) {
      uint64_t turn = ++far_turn_;
      SpinUntil([&] { return there_.value.load(std::memory_order_acquire) == turn; });
      Publish::Store(back_.value, turn);
    }
    return true;
  }

 private:
  SharedWord there_;
  SharedWord back_;
  alignas(kSharedStrideBytes) uint64_t near_turn_ = 0;
  alignas(kSharedStrideBytes) uint64_t far_turn_ = 0;
};

}  // namespace toro::bench

#endif  // BENCH_PING_PONG_H_
