#include "core/kernel/cpu.h"
#include "core/kernel/return_path_work.h"

namespace toro {

void ProductReturns::YieldForRoom() {
  TORO_CHECK(Scheduler::Current().MayBlock(),
             "no memory to remember an object that goes home to another CPU; give the machine more memory");
  Scheduler::YieldHere();
}

template class BasicReturnPath<ProductReturns>;

}  // namespace toro
