#include "tests/contract/contract.h"
#include "tests/contract/stdthreads/parts.h"

namespace contract {

void ThreadLocals() {}

}  // namespace contract
