// What the parts of the sync contract share.
#ifndef TESTS_CONTRACT_SYNC_PARTS_H_
#define TESTS_CONTRACT_SYNC_PARTS_H_

#include <atomic>
#include <utility>
#include <vector>

#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace contract {

using toro::CpuId;
using toro::Status;
using toro::ThreadId;

inline CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }
inline CpuId CpuOf(size_t i) { return CpuId{i % toro::CpuCount()}; }
inline uint64_t Soon() { return toro::DeadlineAfter(toro::kNsPerMs); }

template <typename Function>
ThreadId Start(CpuId cpu, Function function) {
  return toro::Spawn(cpu, std::move(function)).value();
}
template <typename Function>
ThreadId StartHere(Function function) {
  return Start(toro::kBootCpu, std::move(function));
}
inline void JoinAll(const std::vector<ThreadId>& threads) {
  for (ThreadId thread : threads) (void)toro::Join(thread);
}
// Lets threads of this CPU that are ready come to where they wait.
inline void LetOthersRun() {
  for (int i = 0; i < 10; ++i) toro::Yield();
}

struct Counted {
  explicit Counted(std::atomic<int>& c) : count(&c) { ++*count; }
  Counted(Counted&& other) noexcept : count(other.count) { ++*count; }
  ~Counted() { --*count; }
  std::atomic<int>* count;
};

// channels.cc
void RunChannels();

}  // namespace contract

#endif  // TESTS_CONTRACT_SYNC_PARTS_H_
