// FloatControls: rounding, precision, flushing and masks of the two floating-point units [sdm1 8.1.5, 10.2.3].
#ifndef PLATFORM_X86_64_FLOAT_CONTROLS_H_
#define PLATFORM_X86_64_FLOAT_CONTROLS_H_

#include <cstdint>

namespace toro::x86_64 {

struct FloatControls {
  uint32_t mxcsr = 0;
  uint16_t x87 = 0;

  // The low six bits of MXCSR are not controls: arithmetic sets them.
  bool SameAs(const FloatControls& other) const { return ((mxcsr ^ other.mxcsr) & ~0x3fu) == 0 && x87 == other.x87; }
};

inline FloatControls ReadFloatControls() {
  FloatControls controls;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(controls.mxcsr), "=m"(controls.x87));
  return controls;
}

inline void WriteFloatControls(const FloatControls& controls) {
  asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(controls.mxcsr), "m"(controls.x87));
}

}  // namespace toro::x86_64

#endif  // PLATFORM_X86_64_FLOAT_CONTROLS_H_
