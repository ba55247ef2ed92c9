#include "platform/baremetal/devices/buses.h"

#include <new>

#include "core/base/units.h"
#include "drivers/acpi/madt.h"
#include "drivers/acpi/mcfg.h"
#include "drivers/acpi/tables.h"
#include "drivers/apic/io_apic.h"
#include "drivers/pci/function.h"
#include "drivers/pci/message_interrupt.h"
#include "drivers/reg/io_ports.h"
#include "platform/baremetal/cpu/acpi_root.h"
#include "platform/baremetal/devices/device_memory.h"

namespace toro::baremetal {
namespace {

constexpr size_t kMostCards = 32;
constexpr uint64_t kBytesPerBus = kMiB;

// All of it belongs to CPU 0.
struct Buses {
  bool started = false;
  acpi::ConfigWindow window;
  pci::FunctionAddress taken[kMostCards];
  size_t taken_count = 0;
  uint32_t wires[kMostCards] = {};  // inputs of IO-APICs that a card's interrupt arrives by
  size_t wire_count = 0;
};
constinit Buses buses{};

constinit FirmwareTables tables;
constinit pci::PortConfigSpace<reg::IoPorts> port_space;

// Room for objects that are built when they are first needed.
template <typename T>
struct Room {
  alignas(T) unsigned char bytes[sizeof(T)];
};
constinit Room<pci::MemoryConfigSpace> memory_space_room{};
constinit Room<reg::MappedRegisters> bus_room{};
constinit pci::ConfigSpace* space = &port_space;

reg::RegisterWindow* MapBus(void*, uint8_t bus) {
  uint64_t address = buses.window.address + bus * kBytesPerBus;
  if (!MapRegisters(address, kBytesPerBus)) return nullptr;
  return new (&bus_room) reg::MappedRegisters(address);
}

// By memory where the firmware says so and bus 0 answers there, else by ports.
pci::ConfigSpace& Space() {
  if (buses.started) return *space;
  buses.started = true;
  acpi::Table mcfg;
  if (acpi::FindTable(tables, acpi_root_pointer, "MCFG", mcfg) != acpi::Lookup::kFound) return *space;
  buses.window = acpi::ReadConfigWindow(mcfg);
  if (buses.window.address == 0 || buses.window.first_bus != 0) return *space;
  auto* memory = new (&memory_space_room) pci::MemoryConfigSpace(0, buses.window.last_bus, &MapBus, nullptr);
  if (pci::ReadIdentity(*memory, {}) == pci::ReadIdentity(port_space, {})) space = memory;
  return *space;
}

struct Search {
  uint32_t index;
  CardSearch result;
};

bool VisitCard(void* context, pci::FunctionAddress function, const pci::Identity& identity) {
  auto& search = *static_cast<Search*>(context);
  CardSearch& result = search.result;
  if (identity.base_class != pci::kNetworkClass || identity.header != 0) return true;
  e1000::Kind kind;
  if (identity.vendor != e1000::kIntel || !e1000::KindOf(identity.device, kind)) {
    if (result.vendor == 0) {
      result.vendor = identity.vendor;
      result.device = identity.device;
    }
    return true;
  }
  if (result.known++ != search.index) return true;
  result.found = true;
  result.kind = kind;
  result.function = function;
  return false;
}

// The IO-APIC's entry of this wire.
CardProblem RouteWire(pci::FunctionAddress function, uint8_t apic_id, uint8_t vector) {
  uint8_t irq = pci::WireIrq(Space(), function);
  if (irq == 0xff) return CardProblem::kNoWire;
  acpi::Table madt;
  if (acpi::FindTable(tables, acpi_root_pointer, "APIC", madt) != acpi::Lookup::kFound)
    return CardProblem::kNoController;
  acpi::InterruptInput input = acpi::InputOfPciIrq(madt, irq);
  acpi::IoApicEntry entry = acpi::FindIoApic(madt, input.number);
  if (entry.address == 0 || !MapRegisters(entry.address, kPageBytes)) return CardProblem::kNoController;
  for (size_t i = 0; i < buses.wire_count; ++i) {
    if (buses.wires[i] == input.number) return CardProblem::kSharedWire;
  }
  reg::MappedRegisters registers(entry.address);
  apic::IoApic io_apic(registers);
  uint32_t number = input.number - entry.first_input;
  if (number >= io_apic.Inputs()) return CardProblem::kNoController;
  buses.wires[buses.wire_count++] = input.number;
  io_apic.Route(number, {vector, apic_id, input.is_level, input.is_active_low});
  pci::ChangeCommand(Space(), function, 0, pci::kNoWireInterrupt);
  return CardProblem::kNone;
}

CardProblem RouteMessages(pci::FunctionAddress function, uint8_t apic_id, uint8_t vector) {
  pci::MsixTable table = pci::ReadMsixTable(Space(), function);
  pci::BaseAddress base = pci::ReadBaseAddress(Space(), function, table.base_index);
  reg::MappedRegisters registers(base.address);
  for (uint32_t i = 0; i < 2; ++i) {
    pci::WriteMsixEntry(registers, table.base_offset, i, pci::MessageTo(apic_id, static_cast<uint8_t>(vector + i)));
  }
  pci::UseMsix(Space(), function);
  return CardProblem::kNone;
}

}  // namespace

CardSearch FindNetworkCard(uint32_t index) {
  Search search{index, {}};
  pci::ForEachFunction(Space(), &VisitCard, &search);
  return search.result;
}

CardRegisters TakeCard(pci::FunctionAddress function, bool by_message) {
  CardRegisters card;
  for (size_t i = 0; i < buses.taken_count; ++i) {
    if (buses.taken[i] == function) return {CardProblem::kTaken};
  }
  if (buses.taken_count == kMostCards) return {CardProblem::kTooMany};
  pci::BaseAddress base = pci::ReadBaseAddress(Space(), function, 0);
  constexpr uint64_t kLeastBytes = 128 * kKiB;
  if (base.kind != pci::BaseAddress::Kind::kMemory || base.bytes < kLeastBytes) return {CardProblem::kNoRegisters};
  card.address = base.address;
  card.bytes = kLeastBytes;
  if (by_message) {
    pci::MsixTable table = pci::ReadMsixTable(Space(), function);
    pci::BaseAddress messages = pci::ReadBaseAddress(Space(), function, table.base_index);
    bool sound = table.entries >= 2 && messages.kind == pci::BaseAddress::Kind::kMemory &&
                 table.base_offset < messages.bytes && table.base_offset + 32 <= messages.bytes &&
                 MapRegisters(messages.address + table.base_offset, 32);
    if (!sound) return {CardProblem::kNoMessages};
  }
  buses.taken[buses.taken_count++] = function;
  pci::ChangeCommand(Space(), function, pci::kMemorySpace, pci::kBusMaster);
  return card;
}

CardProblem ConnectCard(pci::FunctionAddress function, bool by_message, uint32_t apic_id, uint8_t vector) {
  if (apic_id > 0xff) return CardProblem::kFarCpu;
  auto id = static_cast<uint8_t>(apic_id);
  CardProblem problem = by_message ? RouteMessages(function, id, vector) : RouteWire(function, id, vector);
  if (problem == CardProblem::kNone) pci::ChangeCommand(Space(), function, pci::kBusMaster, 0);
  return problem;
}

}  // namespace toro::baremetal
