// What the parts of the contract about waiting share.
#ifndef TESTS_CONTRACT_POWER_PARTS_H_
#define TESTS_CONTRACT_POWER_PARTS_H_

#include "core/kernel/toro.h"

namespace contract {

inline void SetAllTakeWork(bool takes_work) {
  for (size_t i = 0; i < toro::CpuCount(); ++i) (void)toro::SetTakesWork(toro::CpuId{i}, takes_work);
}

// moving.cc
void AThreadThatMayMoveWaitsWhereItIs();

}  // namespace contract

#endif  // TESTS_CONTRACT_POWER_PARTS_H_
