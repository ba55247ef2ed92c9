// What the parts of the thread contract share.
#ifndef TESTS_CONTRACT_THREADS_PARTS_H_
#define TESTS_CONTRACT_THREADS_PARTS_H_

#include <atomic>

#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace contract {

inline toro::CpuId LastCpu() { return toro::CpuId{toro::CpuCount() - 1}; }

// What threads of other CPUs write and the main thread reads.
using Shared = std::atomic<int>;

// Counts how often it was destroyed.
struct Destroyed {
  explicit Destroyed(Shared& c) : count(c) {}
  ~Destroyed() { ++count; }
  Shared& count;
};

// migrating.cc: threads that do not stay.
void RequestsFindThreadsThatMigrate();
void RequestsToOneThreadAgree();
void RequestsFindThreadsBehindFullChannels();

}  // namespace contract

#endif  // TESTS_CONTRACT_THREADS_PARTS_H_
