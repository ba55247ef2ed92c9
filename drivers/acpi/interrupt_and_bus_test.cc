// The IO-APICs and interrupt overrides of the MADT, and the MCFG.
#include <gtest/gtest.h>

#include <string>

#include "drivers/acpi/madt.h"
#include "drivers/acpi/mcfg.h"
#include "drivers/reg/fake_physical_memory.h"

namespace toro::acpi {
namespace {

using reg::Bytes;

// Length and checksum are not looked at here: tables.h does that.
Table TableOf(const std::string& bytes) {
  return {reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<uint32_t>(bytes.size()), 0x1000};
}

std::string IoApic(uint32_t address, uint32_t first) {
  return Bytes().Put8(1).Put8(12).Put8(0).Put8(0).Put32(address).Put32(first).text();
}
std::string Override(uint8_t bus, uint8_t irq, uint32_t input, uint16_t flags) {
  return Bytes().Put8(2).Put8(10).Put8(bus).Put8(irq).Put32(input).Put16(flags).text();
}
std::string Madt(const std::string& entries) { return Bytes().PadTo(44).PutText(entries).text(); }

TEST(InterruptInputTest, WithoutOverrideAPciIrqIsLevelAndActiveLow) {
  std::string madt = Madt(IoApic(0xfec00000, 0));
  InterruptInput input = InputOfPciIrq(TableOf(madt), 11);
  EXPECT_EQ(input.number, 11u);
  EXPECT_TRUE(input.is_level);
  EXPECT_TRUE(input.is_active_low);
}

TEST(InterruptInputTest, OverrideOfThatIrqIsRight) {
  std::string madt = Madt(Override(0, 10, 77, 0x0f) + Override(1, 11, 88, 0) + Override(0, 11, 23, 0x0d));
  InterruptInput input = InputOfPciIrq(TableOf(madt), 11);
  EXPECT_EQ(input.number, 23u);
  EXPECT_TRUE(input.is_level);
  EXPECT_FALSE(input.is_active_low);
}

TEST(InterruptInputTest, OverrideMaySayEdge) {
  std::string madt = Madt(Override(0, 5, 5, 0x05));
  InterruptInput input = InputOfPciIrq(TableOf(madt), 5);
  EXPECT_FALSE(input.is_level);
  EXPECT_FALSE(input.is_active_low);
}

TEST(InterruptInputTest, TruncatedEntriesAreNotRead) {
  std::string madt = Madt(Override(0, 11, 23, 0x0d));
  for (size_t bytes = 0; bytes < madt.size(); ++bytes) {
    std::string cut = madt.substr(0, bytes);
    EXPECT_EQ(InputOfPciIrq(TableOf(cut), 11).number, 11u) << bytes;
  }
  std::string endless = Madt(std::string("\2\0\0\0", 4) + Override(0, 11, 23, 0x0d));
  EXPECT_EQ(InputOfPciIrq(TableOf(endless), 11).number, 11u);
}

TEST(FindIoApicTest, TakesTheOneThatTheInputBelongsTo) {
  std::string madt = Madt(IoApic(0xfec01000, 24) + IoApic(0xfec00000, 0) + IoApic(0xfec02000, 48));
  EXPECT_EQ(FindIoApic(TableOf(madt), 23).address, 0xfec00000u);
  EXPECT_EQ(FindIoApic(TableOf(madt), 24).address, 0xfec01000u);
  EXPECT_EQ(FindIoApic(TableOf(madt), 24).first_input, 24u);
  EXPECT_EQ(FindIoApic(TableOf(madt), 4000).address, 0xfec02000u);
}

TEST(FindIoApicTest, NoneBeginsLowEnough) {
  std::string madt = Madt(IoApic(0xfec01000, 24));
  EXPECT_EQ(FindIoApic(TableOf(madt), 11).address, 0u);
}

std::string Window(uint64_t address, uint16_t segment, uint8_t first, uint8_t last) {
  return Bytes().Put64(address).Put16(segment).Put8(first).Put8(last).Put32(0).text();
}

TEST(McfgTest, FindsTheWindowOfSegmentZero) {
  std::string mcfg = Bytes().PadTo(44).PutText(Window(0xc0000000, 1, 0, 255) + Window(0xb0000000, 0, 0, 127)).text();
  ConfigWindow window = ReadConfigWindow(TableOf(mcfg));
  EXPECT_EQ(window.address, 0xb0000000u);
  EXPECT_EQ(window.first_bus, 0);
  EXPECT_EQ(window.last_bus, 127);
}

TEST(McfgTest, UnsoundOrTruncatedWindowsAreNone) {
  for (const std::string& window : {Window(0, 0, 0, 255), Window(0xb0000001, 0, 0, 255), Window(0xb0000000, 0, 9, 3),
                                    Window(~uint64_t{0} << 20, 0, 0, 255), Window(0xb0000000, 0, 0, 9).substr(0, 15)}) {
    std::string mcfg = Bytes().PadTo(44).PutText(window).text();
    EXPECT_EQ(ReadConfigWindow(TableOf(mcfg)).address, 0u);
  }
  std::string empty;
  EXPECT_EQ(ReadConfigWindow(TableOf(empty)).address, 0u);
}

}  // namespace
}  // namespace toro::acpi
