#include "drivers/rtc/cmos_clock.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

namespace toro::rtc {
namespace {

// Registers behind an index port. `after` reads of the data port, `change` runs once.
struct FakeCmos {
  std::array<uint8_t, 16> registers{};
  uint8_t index = 0;
  int after = -1;
  std::function<void(FakeCmos&)> change;

  void Write8(uint16_t, uint8_t value) { index = value; }
  uint8_t Read8(uint16_t) {
    if (after-- == 0) change(*this);
    return registers[index];
  }
  void Set(uint8_t year, uint8_t month, uint8_t day, uint8_t hour, uint8_t minute, uint8_t second, uint8_t format) {
    registers = {second, 0, minute, 0, hour, 0, 0, day, month, year, 0, format};
  }
};

TEST(CmosClockTest, DaysCountLeapYears) {
  EXPECT_EQ(DaysSince1970(1970, 1, 1), 0u);
  EXPECT_EQ(DaysSince1970(2000, 2, 29), 11016u);
  EXPECT_EQ(DaysSince1970(2000, 3, 1), 11017u);
  EXPECT_EQ(DaysSince1970(2026, 11, 21), 20778u);
  EXPECT_EQ(DaysSince1970(2069, 12, 31), 36524u);
}

TEST(CmosClockTest, DecimalAndBinaryDigitsMeanTheSame) {
  FakeCmos ports;
  ports.Set(0x01, 0x02, 0x03, 0x14, 0x05, 0x06, 2);
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 981209106u);
  ports.Set(1, 2, 3, 14, 5, 6, 6);
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 981209106u);
}

TEST(CmosClockTest, TwelveHoursHaveAnAfternoon) {
  FakeCmos ports;
  ports.Set(0x01, 0x02, 0x03, 0x82, 0x05, 0x06, 0);
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 981209106u);
  ports.Set(0x01, 0x02, 0x03, 0x12, 0x00, 0x00, 0);  // midnight
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 981158400u);
}

TEST(CmosClockTest, TwoDigitsOfTheYearReachFrom1970To2069) {
  FakeCmos ports;
  ports.Set(0x70, 1, 1, 0, 0, 1, 2);
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 1u);
  ports.Set(0x69, 0x12, 0x31, 0, 0, 0, 2);
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 36524u * 86400);
}

TEST(CmosClockTest, CarryBetweenTwoFieldsIsReadAgain) {
  FakeCmos ports;
  ports.Set(0x01, 0x02, 0x03, 0x13, 0x59, 0x59, 2);
  ports.after = 3;  // the seconds and minutes were read
  ports.change = [](FakeCmos& cmos) { cmos.Set(0x01, 0x02, 0x03, 0x14, 0x00, 0x00, 2); };
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 981208800u);
}

TEST(CmosClockTest, NoClockIsNoTime) {
  FakeCmos ports;
  ports.registers.fill(0xff);  // as ports read where nothing is: for ever updating
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 0u);
  ports.registers.fill(0);  // the month is 0
  EXPECT_EQ(CmosClock(ports).ReadSeconds(), 0u);
}

}  // namespace
}  // namespace toro::rtc
