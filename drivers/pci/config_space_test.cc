#include "drivers/pci/config_space.h"

#include <gtest/gtest.h>

#include <map>

#include "drivers/reg/fake_io_ports.h"

namespace toro::pci {
namespace {

struct PortsReference {
  reg::FakeIoPorts* fake;
  uint32_t Read32(uint16_t port) { return fake->Read32(port); }
  void Write32(uint16_t port, uint32_t value) { fake->Write32(port, value); }
};

TEST(PortConfigSpaceTest, NamesFunctionAndRegisterBeforeItReads) {
  reg::FakeIoPorts ports;
  ports.Answer(0xcfc, 0x100e8086);
  PortConfigSpace space(PortsReference{&ports});
  EXPECT_EQ(space.Read16({1, 2, 3}, 2), 0x100e);
  ASSERT_EQ(ports.writes().size(), 1u);
  EXPECT_EQ(ports.writes()[0], (reg::FakeIoPorts::Write{0xcf8, 0x80011300}));
}

TEST(PortConfigSpaceTest, WritesWholeRegisters) {
  reg::FakeIoPorts ports;
  PortConfigSpace space(PortsReference{&ports});
  space.Write32({0, 31, 7}, 0xfc, 0x12345678);
  ASSERT_EQ(ports.writes().size(), 2u);
  EXPECT_EQ(ports.writes()[0], (reg::FakeIoPorts::Write{0xcf8, 0x8000fffc}));
  EXPECT_EQ(ports.writes()[1], (reg::FakeIoPorts::Write{0xcfc, 0x12345678}));
}

class FakeBus final : public reg::RegisterWindow {
 public:
  uint32_t Read32(uint32_t offset) override { return words[offset]; }
  void Write32(uint32_t offset, uint32_t value) override { words[offset] = value; }
  std::map<uint32_t, uint32_t> words;
};

struct Buses {
  FakeBus bus[2];
  int mapped = 0;
  static reg::RegisterWindow* Map(void* context, uint8_t number) {
    auto& buses = *static_cast<Buses*>(context);
    ++buses.mapped;
    return number < 2 ? &buses.bus[number] : nullptr;
  }
};

TEST(MemoryConfigSpaceTest, FunctionsLie4KiBApartAndABusIsMappedWhenItChanges) {
  Buses buses;
  MemoryConfigSpace space(0, 9, &Buses::Map, &buses);
  buses.bus[1].words[uint32_t{3} << 15 | 1 << 12 | 0x10] = 77;
  EXPECT_EQ(space.Read32({1, 3, 1}, 0x10), 77u);
  space.Write32({1, 3, 1}, 0x14, 78);
  EXPECT_EQ(buses.bus[1].words[uint32_t{3} << 15 | 1 << 12 | 0x14], 78u);
  EXPECT_EQ(buses.mapped, 1);
  EXPECT_EQ(space.Read32({0, 3, 1}, 0x10), 0u);
  EXPECT_EQ(buses.mapped, 2);
}

TEST(MemoryConfigSpaceTest, BusesOutsideOfTheWindowOrUnmappableAreEmpty) {
  Buses buses;
  MemoryConfigSpace space(0, 9, &Buses::Map, &buses);
  EXPECT_EQ(space.Read32({10, 0, 0}, 0), ~uint32_t{0});
  EXPECT_EQ(buses.mapped, 0);
  EXPECT_EQ(space.Read32({9, 0, 0}, 0), ~uint32_t{0});
  space.Write32({9, 0, 0}, 4, 1);
  space.Write32({255, 0, 0}, 4, 1);
}

}  // namespace
}  // namespace toro::pci
