// What a CPU's partition has handed out, asked without changing it.
#ifndef TESTS_CONTRACT_USED_BYTES_H_
#define TESTS_CONTRACT_USED_BYTES_H_

#include <cstddef>

#include "core/kernel/toro.h"

namespace contract {

// A value that fits into a line. Statistics() would be answered in a box, which is memory of the CPU that is asked and
// comes home later.
inline size_t UsedBytes(toro::CpuId cpu) {
  return toro::Call(cpu, [] { return toro::Cpu::Current().partition().Statistics().used_bytes; });
}

// Waits until CPU `cpu` holds `bytes` at most. What others freed is under way home for as long as both take to step.
inline bool ComesBackTo(toro::CpuId cpu, size_t bytes) {
  for (int i = 0; i < 100'000 && UsedBytes(cpu) > bytes; ++i) toro::Yield();
  return UsedBytes(cpu) <= bytes;
}

}  // namespace contract

#endif  // TESTS_CONTRACT_USED_BYTES_H_
