// FaultPoint: the places in the core at which the simulator may make something fail (docs/simulator.md).
#ifndef CORE_MACHINE_FAULT_POINT_H_
#define CORE_MACHINE_FAULT_POINT_H_

#include <cstddef>
#include <cstdint>

namespace toro {

enum class FaultPoint : uint8_t {
  kSlotFull,     // the receiver has not taken the last chain yet
  kChannelFull,  // nor the last lines
  kQueueLong,    // too many lines wait for room in a channel already
  kOutOfMemory,  // an allocation of the application, or a spawn, finds no memory
};
inline constexpr size_t kFaultPoints = 4;

}  // namespace toro

#endif  // CORE_MACHINE_FAULT_POINT_H_
