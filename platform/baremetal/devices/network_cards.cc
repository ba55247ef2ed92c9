// DedicateNic on the bare machine: which card, its registers, its driver, its interrupts.
#include <new>

#include "core/base/units.h"
#include "core/device/dedicate_nic.h"
#include "core/kernel/allocation.h"
#include "core/kernel/dma.h"
#include "core/machine/platform_services.h"
#include "core/sched/call.h"
#include "drivers/e1000/e1000.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/devices/buses.h"
#include "platform/baremetal/devices/device_memory.h"

namespace toro {
namespace baremetal {
namespace {

// One card, in the partition of its owner.
struct Card {
  Card(const CardSearch& search, const CardRegisters& registers, PacketPool& pool, const DmaBuffer& rings)
      : window(registers.address), driver(search.kind, window, frames, other, pool, {rings.address, rings.physical}) {}

  InterruptLine frames;
  InterruptLine other;
  reg::MappedRegisters window;
  e1000::E1000 driver;
};

constexpr uint32_t kCauseRegister = 0x00c0;  // ICR [e1000 13.4.17]
constexpr std::string_view kDrivers = "Toro drives 8086:100e (QEMU: e1000) and 8086:10d3 (e1000e)";

void DescribeSearch(const CardSearch& search, size_t index, NicProblem& problem) {
  if (search.known > 0) {
    problem.Add("there is no network card ");
    problem.AddNumber(index);
    problem.Add("; this machine has ");
    problem.AddNumber(search.known);
    problem.Add(", counted from 0");
  } else if (search.vendor != 0) {
    problem.Add("the network card of this machine is ");
    problem.AddNumber(search.vendor, 16, 4);
    problem.Add(":");
    problem.AddNumber(search.device, 16, 4);
    problem.Add(", for which there is no driver; ");
    problem.Add(kDrivers);
  } else {
    problem.Add("this machine has no network card; add one: ./toro run APP --nic=e1000");
  }
}

std::string_view TextOf(CardProblem problem) {
  switch (problem) {
    case CardProblem::kNone: return "";
    case CardProblem::kNoRegisters: return "the firmware has given its registers no memory: enable it there";
    case CardProblem::kTaken: return "it belongs to a CPU already; each card has one owner";
    case CardProblem::kTooMany: return "more than 32 cards are in use";
    case CardProblem::kNoWire: return "the firmware has connected its interrupt to nothing: enable it there";
    case CardProblem::kNoController: return "ACPI names no IO-APIC for its interrupt: boot a machine with ACPI";
    case CardProblem::kSharedWire:
      return "its interrupt shares a wire with that of another card in use: move it to another slot, or take e1000e, "
             "which needs no wire";
    case CardProblem::kNoMessages: return "it cannot send two messages as interrupts, as an 82574L can";
    case CardProblem::kFarCpu:
      return "the APIC id of its owner has more than 8 bits, where interrupts cannot go: dedicate it to another CPU";
  }
  return "";
}

Nic* Fail(NicProblem& problem, size_t index, std::string_view why) {
  problem.Add("network card ");
  problem.AddNumber(index);
  problem.Add(" cannot be used: ");
  problem.Add(why);
  return nullptr;
}

// Its interrupts arrive here, and it may reach memory.
CardProblem Connect(Card& card, const CardSearch& search) {
  const bool by_message = search.kind == e1000::Kind::k82574L;
  const uint8_t vector = TakeDeviceVector(card.frames);
  if (vector == 0 || (by_message && TakeDeviceVector(card.other) != vector + 1)) return CardProblem::kTooMany;
  const uint32_t apic_id = CurrentCpuBlock().apic_id;
  const pci::FunctionAddress function = search.function;
  return CallOn(kBootCpu,
                [function, by_message, apic_id, vector] { return ConnectCard(function, by_message, apic_id, vector); });
}

}  // namespace
}  // namespace baremetal

Nic* DedicateNic(size_t index, PacketPool& pool, NicProblem& problem) {
  using namespace baremetal;
  problem = {};
  auto number = static_cast<uint32_t>(index < ~uint32_t{0} ? index : ~uint32_t{0});
  const CardSearch search = CallOn(kBootCpu, [number] { return FindNetworkCard(number); });
  if (!search.found) {
    DescribeSearch(search, index, problem);
    return nullptr;
  }
  const pci::FunctionAddress function = search.function;
  const bool by_message = search.kind == e1000::Kind::k82574L;
  const CardRegisters registers = CallOn(kBootCpu, [function, by_message] { return TakeCard(function, by_message); });
  if (registers.problem != CardProblem::kNone) return Fail(problem, index, TextOf(registers.problem));
  if (!MapRegistersHere(registers.address, registers.bytes)) {
    return Fail(problem, index, "its registers lie where memory is, or there is no memory for a page table");
  }
  auto rings = AllocateDma(e1000::kRingBytes, {.align_bytes = kPageBytes});
  void* place = rings.ok() ? AllocateAlignedBytes(sizeof(Card), alignof(Card)) : nullptr;
  if (place == nullptr) return Fail(problem, index, "its CPU has no memory left for it");
  auto* card = new (place) Card(search, registers, pool, rings.value());
  // From here on the card may know this memory: it stays, whatever happens.
  if (card->driver.Stop() != Status::kOk) {
    return Fail(problem, index, "it does not answer, does not come out of its reset, or has no address of its own");
  }
  if (!by_message) {
    card->frames.acknowledge = reinterpret_cast<const volatile uint32_t*>(registers.address + kCauseRegister);
  }
  if (CardProblem why = Connect(*card, search); why != CardProblem::kNone) return Fail(problem, index, TextOf(why));
  card->driver.Start();
  return &card->driver;
}

}  // namespace toro
