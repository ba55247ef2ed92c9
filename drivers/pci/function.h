// One PCI function: what it is, where its registers lie, and how it interrupts [pci 6].
//
// INVARIANTS
//   I1. Whatever the configuration space says, everything here ends: lists of capabilities are followed for as many
//       steps as fit into 192 bytes, buses only upwards and once.
//   I2. A base address register is sized with decoding switched off, and left as it was.
#ifndef DRIVERS_PCI_FUNCTION_H_
#define DRIVERS_PCI_FUNCTION_H_

#include <cstdint>

#include "drivers/pci/config_space.h"

namespace toro::pci {

struct Identity {
  uint16_t vendor = 0xffff;  // 0xffff: there is no such function
  uint16_t device = 0;
  uint8_t base_class = 0;  // 2: network
  uint8_t sub_class = 0;   // 0: Ethernet
  uint8_t header = 0;      // 0: a device, 1: a bridge

  bool operator==(const Identity&) const = default;
};
inline constexpr uint8_t kNetworkClass = 2;

Identity ReadIdentity(ConfigSpace& space, FunctionAddress function);

// Calls visit(context, function, identity) for every function, bus by bus behind their bridges, until it returns false.
using Visit = bool (*)(void* context, FunctionAddress function, const Identity& identity);
void ForEachFunction(ConfigSpace& space, Visit visit, void* context);

// What a base address register claims [pci 6.2.5.1].
struct BaseAddress {
  enum class Kind : uint8_t { kNone, kPorts, kMemory } kind = Kind::kNone;
  uint64_t address = 0;
  uint64_t bytes = 0;  // a power of two
};

// Register `index`, 0..5, of a device. kNone: it is not there, or its size is none, or nobody has given it an address,
// or it reaches beyond the addresses that there are.
BaseAddress ReadBaseAddress(ConfigSpace& space, FunctionAddress function, uint32_t index);

// The offset of capability `id` [pci 6.7], or 0.
uint32_t FindCapability(ConfigSpace& space, FunctionAddress function, uint8_t id);
inline constexpr uint8_t kMsiCapability = 0x05, kMsixCapability = 0x11;

// Bits of the command register [pci 6.2.2].
inline constexpr uint16_t kMemorySpace = 1 << 1, kBusMaster = 1 << 2, kNoWireInterrupt = 1 << 10;

// Sets and clears bits of the command register.
void ChangeCommand(ConfigSpace& space, FunctionAddress function, uint16_t set, uint16_t clear);

// The legacy interrupt that the firmware connected the function's wire to, or 0xff: none [pci 6.2.4].
uint8_t WireIrq(ConfigSpace& space, FunctionAddress function);

}  // namespace toro::pci

#endif  // DRIVERS_PCI_FUNCTION_H_
