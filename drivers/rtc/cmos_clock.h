// CmosClock: the calendar of a PC, read once [mc146818, section "Time, Calendar and Alarm Locations"].
//
// WHY once. Each register costs two port accesses, exits on a virtual machine, and it counts whole seconds; the time
// stamp counter goes on from there.
//
// INVARIANTS
//   I1. Read returns within a bounded number of polls. 0: there is no such clock, or it shows no time.
//   I2. What is returned was read twice alike, with no update under way: no field is from before and another from after
//       a carry.
#ifndef DRIVERS_RTC_CMOS_CLOCK_H_
#define DRIVERS_RTC_CMOS_CLOCK_H_

#include <cstdint>

namespace toro::rtc {

// Days from 1970-01-01 to the given day of the Gregorian calendar, for years from 1970 on.
constexpr uint64_t DaysSince1970(uint64_t year, uint64_t month, uint64_t day) {
  constexpr uint16_t kBefore[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  auto leap_days = [](uint64_t last) { return last / 4 - last / 100 + last / 400; };
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969) + kBefore[month - 1] +
         (leap && month > 2 ? 1 : 0) + day - 1;
}

template <typename Ports>
class CmosClock {
 public:
  constexpr explicit CmosClock(Ports& ports) : ports_(ports) {}

  // Seconds since 1970-01-01 00:00, taking the clock for UTC, as it is set on virtual machines. Two digits of the year:
  // 1970 to 2069.
  uint64_t ReadSeconds() {
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      if (!WaitForUpdate()) return 0;
      Fields first = ReadFields();
      Fields second = ReadFields();
      if (first == second) return SecondsOf(second);
    }
    return 0;
  }

 private:
  static constexpr uint16_t kIndexPort = 0x70, kDataPort = 0x71;
  static constexpr uint8_t kSeconds = 0, kMinutes = 2, kHours = 4, kDay = 7, kMonth = 8, kYear = 9;
  static constexpr uint8_t kStatusA = 10, kStatusB = 11;
  static constexpr uint8_t kUpdating = 0x80;              // of status A
  static constexpr uint8_t kTwentyFour = 2, kBinary = 4;  // of status B
  static constexpr uint8_t kAfternoon = 0x80;             // of the hours, when they count to twelve
  static constexpr int kMostAttempts = 4;
  static constexpr int kMostPolls = 10'000;  // an update takes 2 ms at most; a port access about 1 us

  struct Fields {
    uint8_t second, minute, hour, day, month, year, format;
    bool operator==(const Fields&) const = default;
  };

  uint8_t Register(uint8_t index) {
    ports_.Write8(kIndexPort, index);
    return ports_.Read8(kDataPort);
  }

  bool WaitForUpdate() {
    for (int poll = 0; poll < kMostPolls; ++poll) {
      if ((Register(kStatusA) & kUpdating) == 0) return true;
    }
    return false;
  }

  Fields ReadFields() {
    return {Register(kSeconds), Register(kMinutes), Register(kHours),  Register(kDay),
            Register(kMonth),   Register(kYear),    Register(kStatusB)};
  }

  static uint64_t SecondsOf(const Fields& raw) {
    auto number = [&raw](uint8_t value) -> uint64_t {
      return (raw.format & kBinary) != 0 ? value : value / 16 * 10 + value % 16;
    };
    uint64_t hour = number(raw.hour);
    if ((raw.format & kTwentyFour) == 0) {
      hour = number(raw.hour & ~kAfternoon) % 12 + ((raw.hour & kAfternoon) != 0 ? 12 : 0);
    }
    uint64_t year = number(raw.year), month = number(raw.month), day = number(raw.day);
    uint64_t minute = number(raw.minute), second = number(raw.second);
    if (year > 99 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
      return 0;
    year += year < 70 ? 2000 : 1900;
    return ((DaysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  }

  Ports& ports_;
};

}  // namespace toro::rtc

#endif  // DRIVERS_RTC_CMOS_CLOCK_H_
