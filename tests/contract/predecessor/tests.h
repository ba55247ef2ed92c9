// The two halves of this contract test, and what both need.
#ifndef TESTS_CONTRACT_PREDECESSOR_TESTS_H_
#define TESTS_CONTRACT_PREDECESSOR_TESTS_H_

#include <cstddef>

#include "core/base/cpu_id.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/kernel/toro.h"

inline toro::CpuId LastCpu() { return toro::CpuId{toro::CpuCount() - 1}; }

// The CPU in whose memory `address` lies, or OwnerTable::kNoOwner.
inline size_t OwnerOf(const void* address) { return toro::Cpu::Current().owners().OwnerOf(address); }

void RunScenarios();
void RunDefects();
void RunGetMemUntilNull();  // the last: it uses up the partition of CPU 0 and gives it back

#endif  // TESTS_CONTRACT_PREDECESSOR_TESTS_H_
