// CpuSet: a set of CPUs.
#ifndef PLATFORM_SIMULATOR_CPU_SET_H_
#define PLATFORM_SIMULATOR_CPU_SET_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"

namespace toro::simulator {

class CpuSet {
 public:
  void Add(CpuId cpu) { words_[cpu.index() / 64] |= BitOf(cpu); }
  void Remove(CpuId cpu) { words_[cpu.index() / 64] &= ~BitOf(cpu); }
  bool Has(CpuId cpu) const { return (words_[cpu.index() / 64] & BitOf(cpu)) != 0; }

  size_t size() const {
    size_t size = 0;
    for (uint64_t word : words_) size += static_cast<size_t>(__builtin_popcountll(word));
    return size;
  }
  bool empty() const { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }

  // The member that `rank` others precede; rank < size().
  CpuId At(size_t rank) const {
    for (size_t w = 0; w < kWords; ++w) {
      size_t here = static_cast<size_t>(__builtin_popcountll(words_[w]));
      if (rank >= here) {
        rank -= here;
        continue;
      }
      uint64_t bits = words_[w];
      while (rank-- > 0) bits &= bits - 1;
      return CpuId{w * 64 + static_cast<size_t>(__builtin_ctzll(bits))};
    }
    return CpuId{kMaxCpus};
  }

  // Those of this set that are not in `others`.
  CpuSet Without(const CpuSet& others) const {
    CpuSet rest;
    for (size_t w = 0; w < kWords; ++w) rest.words_[w] = words_[w] & ~others.words_[w];
    return rest;
  }

  // Calls visit(cpu) for each, in ascending order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t w = 0; w < kWords; ++w) {
      for (uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        visit(CpuId{w * 64 + static_cast<size_t>(__builtin_ctzll(bits))});
      }
    }
  }

 private:
  static constexpr size_t kWords = kMaxCpus / 64;
  static_assert(kWords == 4, "empty() names them");
  static constexpr uint64_t BitOf(CpuId cpu) { return uint64_t{1} << (cpu.index() % 64); }

  uint64_t words_[kWords] = {};
};

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_CPU_SET_H_
