// InterruptLine: what an interrupt of a device leaves behind for the CPU that owns the device.
//
// WHY so little. An interrupt may come between any two instructions, so it calls nothing: it silences the device if the
// device must be silenced, notes that it was there, and ends the halt of the CPU. The owner finds the note when it
// looks next, and does the work.
//
// INVARIANTS
//   I1. The interrupt arrives on the owner, so one CPU writes these words.
//   I2. The owner clears `causes` before it looks at what they are about: what an interrupt adds meanwhile is about a
//       state that it has not looked at yet, or looks at twice.
#ifndef CORE_DEVICE_INTERRUPT_LINE_H_
#define CORE_DEVICE_INTERRUPT_LINE_H_

#include <cstdint>

namespace toro {

struct InterruptLine {
  // A register whose read makes the device take its interrupt back, and says why it came. Null: the interrupt is a
  // message, which needs no answer. Set before the first interrupt can come.
  const volatile uint32_t* acknowledge = nullptr;
  volatile uint32_t count = 0;   // of interrupts
  volatile uint32_t causes = 0;  // all that `acknowledge` has said since the owner cleared it
};

}  // namespace toro

#endif  // CORE_DEVICE_INTERRUPT_LINE_H_
