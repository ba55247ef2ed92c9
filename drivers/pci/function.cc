#include "drivers/pci/function.h"

namespace toro::pci {
namespace {

enum Offset : uint32_t {
  kId = 0x00,
  kCommand = 0x04,
  kClass = 0x08,
  kHeader = 0x0c,
  kBars = 0x10,
  kBuses = 0x18,  // of a bridge: primary, secondary, subordinate
  kCapabilities = 0x34,
  kInterrupt = 0x3c,
};
constexpr uint16_t kPortSpace = 1 << 0;
constexpr uint32_t kHasCapabilities = 1 << 20;  // of command and status together
constexpr uint8_t kManyFunctions = 0x80;
constexpr uint32_t kBarCount = 6;

struct Walk {
  ConfigSpace& space;
  Visit visit;
  void* context;
  uint8_t seen[32] = {};  // a bit per bus

  bool TakeBus(uint8_t bus) {
    uint8_t bit = static_cast<uint8_t>(1 << bus % 8);
    if (seen[bus / 8] & bit) return false;
    seen[bus / 8] |= bit;
    return true;
  }
};

// False: the visitor has seen enough.
bool VisitFunction(Walk& walk, FunctionAddress function, const Identity& identity, uint8_t waiting[32]) {
  if (!walk.visit(walk.context, function, identity)) return false;
  if (identity.header == 1) {
    uint8_t behind = static_cast<uint8_t>(walk.space.Read32(function, kBuses) >> 8);
    if (behind > function.bus && walk.TakeBus(behind)) waiting[behind / 8] |= static_cast<uint8_t>(1 << behind % 8);
  }
  return true;
}

bool VisitBus(Walk& walk, uint8_t bus, uint8_t waiting[32]) {
  for (uint8_t device = 0; device < 32; ++device) {
    FunctionAddress function{bus, device, 0};
    Identity identity = ReadIdentity(walk.space, function);
    if (identity.vendor == 0xffff) continue;
    bool many = walk.space.Read8(function, kHeader + 2) & kManyFunctions;
    if (!VisitFunction(walk, function, identity, waiting)) return false;
    for (uint8_t i = 1; many && i < 8; ++i) {
      function.function = i;
      identity = ReadIdentity(walk.space, function);
      if (identity.vendor != 0xffff && !VisitFunction(walk, function, identity, waiting)) return false;
    }
  }
  return true;
}

// All ones in, what stays zero is not decoded; then as before.
uint32_t SizeMask(ConfigSpace& space, FunctionAddress function, uint32_t offset, uint32_t value) {
  space.Write32(function, offset, ~uint32_t{0});
  uint32_t mask = space.Read32(function, offset);
  space.Write32(function, offset, value);
  return mask;
}

}  // namespace

Identity ReadIdentity(ConfigSpace& space, FunctionAddress function) {
  uint32_t id = space.Read32(function, kId);
  Identity identity;
  identity.vendor = static_cast<uint16_t>(id);
  if (identity.vendor == 0xffff) return identity;
  uint32_t class_code = space.Read32(function, kClass);
  identity.device = static_cast<uint16_t>(id >> 16);
  identity.base_class = static_cast<uint8_t>(class_code >> 24);
  identity.sub_class = static_cast<uint8_t>(class_code >> 16);
  identity.header = static_cast<uint8_t>(space.Read32(function, kHeader) >> 16) & 0x7f;
  return identity;
}

// Buses behind bridges have higher numbers, so one pass upwards meets all of them.
void ForEachFunction(ConfigSpace& space, Visit visit, void* context) {
  Walk walk{space, visit, context};
  uint8_t waiting[32] = {1};
  walk.TakeBus(0);
  for (uint32_t bus = 0; bus < 256; ++bus) {
    if (!(waiting[bus / 8] >> bus % 8 & 1)) continue;
    if (!VisitBus(walk, static_cast<uint8_t>(bus), waiting)) return;
  }
}

BaseAddress ReadBaseAddress(ConfigSpace& space, FunctionAddress function, uint32_t index) {
  if (index >= kBarCount) return {};
  uint32_t offset = kBars + 4 * index;
  uint32_t low = space.Read32(function, offset);
  if (low == ~uint32_t{0}) return {};  // nothing answers
  bool is_ports = low & 1;
  bool is_wide = !is_ports && (low >> 1 & 3) == 2;
  if (is_wide && index + 1 == kBarCount) return {};
  uint16_t command = space.Read16(function, kCommand);
  ChangeCommand(space, function, 0, kPortSpace | kMemorySpace);
  uint32_t keep = is_ports ? ~uint32_t{3} : ~uint32_t{15};
  uint64_t address = low & keep;
  uint64_t mask = SizeMask(space, function, offset, low) & keep;
  uint64_t wrap = uint64_t{1} << 32;
  if (is_wide) {
    uint32_t high = space.Read32(function, offset + 4);
    address |= uint64_t{high} << 32;
    mask |= uint64_t{SizeMask(space, function, offset + 4, high)} << 32;
    wrap = 0;
  } else {
    mask |= ~uint64_t{0} << 32;
    if (is_ports) mask |= 0xffff0000;  // a device may decode 16 bits only [pci 6.2.5.1]
  }
  ChangeCommand(space, function, command & (kPortSpace | kMemorySpace), 0);
  uint64_t bytes = ~mask + 1;
  bool sound = bytes != 0 && (bytes & (bytes - 1)) == 0 && address != 0 && address % bytes == 0 &&
               address + (bytes - 1) >= address && (wrap == 0 || address + bytes <= wrap);
  bool is_none = (mask & ~(~uint64_t{0} << 32)) == 0 && !is_wide;
  if (!sound || is_none) return {};
  return {is_ports ? BaseAddress::Kind::kPorts : BaseAddress::Kind::kMemory, address, bytes};
}

uint32_t FindCapability(ConfigSpace& space, FunctionAddress function, uint8_t id) {
  if (!(space.Read32(function, kCommand) & kHasCapabilities)) return 0;
  uint32_t at = space.Read8(function, kCapabilities) & 0xfc;
  for (int step = 0; step < 48 && at >= 0x40; ++step) {
    uint32_t header = space.Read32(function, at);
    if ((header & 0xff) == id) return at;
    at = header >> 8 & 0xfc;
  }
  return 0;
}

void ChangeCommand(ConfigSpace& space, FunctionAddress function, uint16_t set, uint16_t clear) {
  uint16_t command = space.Read16(function, kCommand);
  space.Write32(function, kCommand, (command | set) & ~clear & 0xffff);
}

uint8_t WireIrq(ConfigSpace& space, FunctionAddress function) {
  uint32_t interrupt = space.Read32(function, kInterrupt);
  uint8_t pin = static_cast<uint8_t>(interrupt >> 8), line = static_cast<uint8_t>(interrupt);
  return pin >= 1 && pin <= 4 && line < 16 ? line : 0xff;
}

}  // namespace toro::pci
