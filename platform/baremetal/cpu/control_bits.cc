#include "platform/baremetal/cpu/control_bits.h"

namespace toro::baremetal {

const char* ControlBits::Missing() const {
  for (size_t bit = 0; bit < kCount; ++bit) {
    if (Has(bit) && !On(bit)) return kNames[bit];
  }
  return nullptr;
}

}  // namespace toro::baremetal
