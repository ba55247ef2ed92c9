#include "drivers/apic/io_apic.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

namespace toro::apic {
namespace {

class FakeRegisters final : public reg::RegisterWindow {
 public:
  uint32_t Read32(uint32_t offset) override { return offset == 0x10 ? values[index] : 0; }
  void Write32(uint32_t offset, uint32_t value) override {
    if (offset == 0x00) {
      index = value;
    } else {
      values[index] = value;
      writes.emplace_back(index, value);
    }
  }
  uint32_t index = 0;
  std::map<uint32_t, uint32_t> values;
  std::vector<std::pair<uint32_t, uint32_t>> writes;
};

TEST(IoApicTest, CountsItsInputs) {
  FakeRegisters registers;
  registers.values[1] = 0x00170020;
  EXPECT_EQ(IoApic(registers).Inputs(), 24u);
}

TEST(IoApicTest, RoutesAWireAndKeepsItMaskedMeanwhile) {
  FakeRegisters registers;
  IoApic(registers).Route(11, {.vector = 0x31, .apic_id = 5, .is_level = true, .is_active_low = true});
  using Writes = std::vector<std::pair<uint32_t, uint32_t>>;
  EXPECT_EQ(registers.writes, (Writes{{0x26, 0x10000}, {0x27, 0x05000000}, {0x26, 0xa031}}));
}

TEST(IoApicTest, AnEdgeOfHighLevelIsTheDefault) {
  FakeRegisters registers;
  IoApic(registers).Route(0, {.vector = 0x40, .apic_id = 0, .is_level = false, .is_active_low = false});
  EXPECT_EQ(registers.values[0x10], 0x40u);
}

}  // namespace
}  // namespace toro::apic
