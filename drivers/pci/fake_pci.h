// FakePci: a configuration space whose functions a test lays out byte by byte, with base address registers that can be
// sized. What nobody laid out reads as all ones.
#ifndef DRIVERS_PCI_FAKE_PCI_H_
#define DRIVERS_PCI_FAKE_PCI_H_

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "drivers/pci/config_space.h"

namespace toro::pci {

class FakePci final : public ConfigSpace {
 public:
  struct Function {
    std::array<uint32_t, 64> words = {};
    std::map<uint32_t, uint32_t> writable;  // by offset: the bits that keep what is written; others are read-only
    std::vector<uint16_t> commands;         // all that was written to the command register
    bool sized_while_decoding = false;

    uint32_t& At(uint32_t offset) { return words[offset / 4]; }
  };

  Function& Add(FunctionAddress a, uint16_t vendor = 0x8086, uint16_t device = 0x100e, uint32_t class_code = 0x020000,
                uint8_t header = 0) {
    Function& f = functions_[{a.bus, a.device, a.function}];
    f.At(0x00) = uint32_t{device} << 16 | vendor;
    f.At(0x08) = class_code << 8;
    f.At(0x0c) = uint32_t{header} << 16;
    f.writable[0x04] = 0xffff;
    return f;
  }
  void AddBridge(FunctionAddress a, uint8_t secondary) {
    Add(a, 0x8086, 0x244e, 0x060400, 1).At(0x18) = uint32_t{secondary} << 8 | a.bus;
  }
  // A memory base address register of `bytes` at `address`.
  static void AddMemory(Function& f, uint32_t index, uint64_t address, uint64_t bytes, bool wide = false) {
    uint32_t offset = 0x10 + 4 * index;
    f.At(offset) = static_cast<uint32_t>(address) | (wide ? 4 : 0);
    f.writable[offset] = static_cast<uint32_t>(~(bytes - 1)) & ~15u;
    if (!wide) return;
    f.At(offset + 4) = static_cast<uint32_t>(address >> 32);
    f.writable[offset + 4] = static_cast<uint32_t>(~(bytes - 1) >> 32);
  }

  uint32_t Read32(FunctionAddress a, uint32_t offset) override {
    ++reads;
    auto found = functions_.find({a.bus, a.device, a.function});
    return found != functions_.end() ? found->second.words[offset / 4 % 64] : ~uint32_t{0};
  }
  void Write32(FunctionAddress a, uint32_t offset, uint32_t value) override {
    auto found = functions_.find({a.bus, a.device, a.function});
    if (found == functions_.end()) return;
    Function& f = found->second;
    if (offset == 0x04) f.commands.push_back(static_cast<uint16_t>(value));
    if (offset >= 0x10 && offset < 0x28 && value == ~uint32_t{0} && (f.At(0x04) & 3) != 0)
      f.sized_while_decoding = true;
    uint32_t keep = f.writable.contains(offset) ? f.writable[offset] : 0;
    f.words[offset / 4] = (f.words[offset / 4] & ~keep) | (value & keep);
  }

  uint64_t reads = 0;

 private:
  std::map<std::tuple<uint8_t, uint8_t, uint8_t>, Function> functions_;
};

}  // namespace toro::pci

#endif  // DRIVERS_PCI_FAKE_PCI_H_
