// The buses of this machine, which CPU 0 owns: which network cards are on them, and where their interrupts go.
//
// WHY CPU 0. Configuration space and IO-APIC are index and data registers that serve the whole machine. Another CPU
// asks by a call, once per card; no card is configured by a frame.
#ifndef PLATFORM_BAREMETAL_DEVICES_BUSES_H_
#define PLATFORM_BAREMETAL_DEVICES_BUSES_H_

#include <cstddef>
#include <cstdint>

#include "drivers/e1000/e1000.h"
#include "drivers/pci/config_space.h"

namespace toro::baremetal {

// A network card that a driver is for, if there are that many; else what there is.
struct CardSearch {
  bool found = false;
  e1000::Kind kind = e1000::Kind::k82540Em;
  pci::FunctionAddress function;
  uint16_t vendor = 0, device = 0;  // of the first network card that no driver is for; 0: there is none
  uint32_t known = 0;               // cards that a driver is for
};
CardSearch FindNetworkCard(uint32_t index);

// Why a card cannot be used.
enum class CardProblem : uint8_t {
  kNone,
  kNoRegisters,   // its first base address register claims no memory
  kTaken,         // it belongs to a CPU already
  kTooMany,       // more cards than this kernel keeps account of
  kNoWire,        // the firmware has connected its interrupt to nothing
  kNoController,  // ACPI names no IO-APIC for its wire
  kSharedWire,    // another card's interrupt arrives by the same wire
  kNoMessages,    // it offers fewer messages than it must
  kFarCpu,        // the owner's APIC id has more than 8 bits
};

// Where the card's registers are. It may not write to memory from now on until ConnectCard.
struct CardRegisters {
  CardProblem problem = CardProblem::kNone;
  uint64_t address = 0;
  uint64_t bytes = 0;
};
CardRegisters TakeCard(pci::FunctionAddress function, bool by_message);

// Its interrupts go to the CPU with that local APIC id, as `vector`, its wire; or messages 0 and 1, as `vector`
// and the one that follows; and it may write to memory. All of these on CPU 0.
CardProblem ConnectCard(pci::FunctionAddress function, bool by_message, uint32_t apic_id, uint8_t vector);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_DEVICES_BUSES_H_
