#include "tests/contract/contract.h"
#include "tests/contract/threads/parts.h"

namespace contract {

void ThreadLocals() {}

}  // namespace contract
