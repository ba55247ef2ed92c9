// ConfigSpace: the configuration registers of all PCI functions [pci 6.1], by ports or in memory.
//
// WHY 32 bits only. Every register that is written here has for its neighbour one that ignores zeroes (status bits are
// cleared by ones) or all writes, and ports [pci 3.2.2.3.2] and memory [pcie 7.2.2] both offer this width.
//
// WHO. The ports are an index and a data register for the whole machine, so one CPU asks for all (as for the IO-APIC).
#ifndef DRIVERS_PCI_CONFIG_SPACE_H_
#define DRIVERS_PCI_CONFIG_SPACE_H_

#include <cstdint>

#include "drivers/reg/register_window.h"

namespace toro::pci {

struct FunctionAddress {
  uint8_t bus = 0;
  uint8_t device = 0;    // 0..31
  uint8_t function = 0;  // 0..7

  bool operator==(const FunctionAddress&) const = default;
};

class ConfigSpace {
 public:
  // `offset`: 0..252, a multiple of 4. All ones: there is no such function.
  virtual uint32_t Read32(FunctionAddress function, uint32_t offset) = 0;
  virtual void Write32(FunctionAddress function, uint32_t offset, uint32_t value) = 0;

  // At any offset that is a multiple of 2.
  uint16_t Read16(FunctionAddress function, uint32_t offset) {
    return static_cast<uint16_t>(Read32(function, offset & ~3u) >> (offset & 2) * 8);
  }
  uint8_t Read8(FunctionAddress function, uint32_t offset) {
    return static_cast<uint8_t>(Read32(function, offset & ~3u) >> (offset & 3) * 8);
  }

 protected:
  ~ConfigSpace() = default;
};

// By ports 0xcf8 and 0xcfc. Ports: as reg::IoPorts.
template <typename Ports>
class PortConfigSpace final : public ConfigSpace {
 public:
  constexpr explicit PortConfigSpace(Ports ports = {}) : ports_(ports) {}

  uint32_t Read32(FunctionAddress function, uint32_t offset) override {
    Select(function, offset);
    return ports_.Read32(kData);
  }
  void Write32(FunctionAddress function, uint32_t offset, uint32_t value) override {
    Select(function, offset);
    ports_.Write32(kData, value);
  }

 private:
  static constexpr uint16_t kAddress = 0xcf8, kData = 0xcfc;
  static constexpr uint32_t kEnable = uint32_t{1} << 31;

  void Select(FunctionAddress f, uint32_t offset) {
    ports_.Write32(kAddress, kEnable | uint32_t{f.bus} << 16 | uint32_t{f.device} << 11 | uint32_t{f.function} << 8 |
                                 (offset & 0xfc));
  }

  Ports ports_;
};

// In memory: 4 KiB per function, one MiB per bus, for buses first_bus..last_bus. Other buses: all ones. `MapBus`
// gives the registers of a bus by its number, or null if it cannot be mapped; it is asked again whenever the bus
// changes.
class MemoryConfigSpace final : public ConfigSpace {
 public:
  using MapBus = reg::RegisterWindow* (*)(void* context, uint8_t bus);

  MemoryConfigSpace(uint8_t first_bus, uint8_t last_bus, MapBus map, void* context)
      : first_bus_(first_bus), last_bus_(last_bus), map_(map), context_(context) {}

  uint32_t Read32(FunctionAddress f, uint32_t offset) override {
    reg::RegisterWindow* bus = Bus(f.bus);
    return bus != nullptr ? bus->Read32(OffsetOf(f, offset)) : ~uint32_t{0};
  }
  void Write32(FunctionAddress f, uint32_t offset, uint32_t value) override {
    reg::RegisterWindow* bus = Bus(f.bus);
    if (bus != nullptr) bus->Write32(OffsetOf(f, offset), value);
  }

 private:
  static uint32_t OffsetOf(FunctionAddress f, uint32_t offset) {
    return uint32_t{f.device} << 15 | uint32_t{f.function} << 12 | (offset & 0xfc);
  }
  reg::RegisterWindow* Bus(uint8_t bus) {
    if (bus < first_bus_ || bus > last_bus_) return nullptr;
    if (mapped_ == nullptr || mapped_bus_ != bus) {
      mapped_ = map_(context_, bus);
      mapped_bus_ = bus;
    }
    return mapped_;
  }

  uint8_t first_bus_, last_bus_;
  MapBus map_;
  void* context_;
  reg::RegisterWindow* mapped_ = nullptr;
  uint8_t mapped_bus_ = 0;
};

}  // namespace toro::pci

#endif  // DRIVERS_PCI_CONFIG_SPACE_H_
