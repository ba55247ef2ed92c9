#include "drivers/pci/message_interrupt.h"

#include "drivers/pci/function.h"

namespace toro::pci {
namespace {

// Bits of the message control word, which is the upper half of a capability's first register.
constexpr uint32_t kMsiEnable = 1 << 16, kMsiMany = 7 << 20, kMsiWide = 1 << 23;
constexpr uint32_t kMsixEnable = uint32_t{1} << 31, kMsixMaskAll = 1 << 30;
constexpr uint32_t kConfigBytes = 256;

}  // namespace

bool UseMsi(ConfigSpace& space, FunctionAddress function, const Message& message) {
  uint32_t at = FindCapability(space, function, kMsiCapability);
  if (at == 0) return false;
  uint32_t control = space.Read32(function, at);
  bool is_wide = control & kMsiWide;
  if (at + (is_wide ? 16 : 12) > kConfigBytes) return false;
  space.Write32(function, at, control & ~(kMsiEnable | kMsiMany));  // one message
  space.Write32(function, at + 4, static_cast<uint32_t>(message.address));
  if (is_wide) space.Write32(function, at + 8, static_cast<uint32_t>(message.address >> 32));
  space.Write32(function, at + (is_wide ? 12 : 8), message.data);
  space.Write32(function, at, (control & ~kMsiMany) | kMsiEnable);
  ChangeCommand(space, function, kNoWireInterrupt, 0);
  return true;
}

MsixTable ReadMsixTable(ConfigSpace& space, FunctionAddress function) {
  uint32_t at = FindCapability(space, function, kMsixCapability);
  if (at == 0 || at + 12 > kConfigBytes) return {};
  uint32_t place = space.Read32(function, at + 4);
  if ((place & 7) > 5) return {};
  return {(space.Read32(function, at) >> 16 & 0x7ff) + 1, place & 7, place & ~uint32_t{7}};
}

void WriteMsixEntry(reg::RegisterWindow& registers, uint32_t offset, uint32_t index, const Message& message) {
  constexpr uint32_t kEntryBytes = 16, kMasked = 1;
  uint32_t at = offset + index * kEntryBytes;
  registers.Write32(at + 12, kMasked);
  registers.Write32(at, static_cast<uint32_t>(message.address));
  registers.Write32(at + 4, static_cast<uint32_t>(message.address >> 32));
  registers.Write32(at + 8, message.data);
  registers.Write32(at + 12, 0);
}

void UseMsix(ConfigSpace& space, FunctionAddress function) {
  uint32_t at = FindCapability(space, function, kMsixCapability);
  if (at == 0) return;
  space.Write32(function, at, (space.Read32(function, at) & ~kMsixMaskAll) | kMsixEnable);
  ChangeCommand(space, function, kNoWireInterrupt, 0);
}

}  // namespace toro::pci
