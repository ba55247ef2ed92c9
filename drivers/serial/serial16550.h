// Serial16550: a polled serial port with a 16-byte FIFO [uart].
//
// WHY polled. The console carries a few kilobytes; an interrupt per character would cost more than it frees. One look
// at the line status allows a whole FIFO of characters, because on a virtual machine each access is an exit.
//
// WHAT IT WRITES. The bytes given, no more: '\n' stays '\n', so that output compares byte for byte.
//
// INVARIANTS
//   I1. Write returns within a bounded number of polls, even if no port is there. What does not fit is dropped then.
#ifndef DRIVERS_SERIAL_SERIAL16550_H_
#define DRIVERS_SERIAL_SERIAL16550_H_

#include <cstddef>
#include <cstdint>

namespace toro::serial {

inline constexpr uint16_t kCom1 = 0x3f8;

template <typename Ports>
class Serial16550 {
 public:
  static constexpr size_t kFifoBytes = 16;
  // Polls for an empty FIFO. A real port at 115200 bit/s needs 1.4 ms for 16 bytes, and a port access takes about 1 us.
  static constexpr uint32_t kMostPolls = 100'000;

  constexpr explicit Serial16550(Ports ports, uint16_t base = kCom1) : ports_(ports), base_(base) {}

  // 115200 bit/s, 8 data bits, no parity, FIFO on, no interrupts.
  void Initialize() {
    ports_.Write8(base_ + kInterruptEnable, 0);
    ports_.Write8(base_ + kLineControl, kDivisorAccess | kEightBits);
    ports_.Write8(base_ + kDivisorLow, 1);
    ports_.Write8(base_ + kDivisorHigh, 0);
    ports_.Write8(base_ + kLineControl, kEightBits);
    ports_.Write8(base_ + kFifoControl, kFifoOnAndClear);
    ports_.Write8(base_ + kModemControl, kReadyAndRequest);
  }

  void Write(const char* text, size_t bytes) {
    while (bytes != 0) {
      if (!WaitUntilEmpty()) return;
      size_t burst = bytes < kFifoBytes ? bytes : kFifoBytes;
      for (size_t i = 0; i < burst; ++i) ports_.Write8(base_ + kTransmit, static_cast<uint8_t>(text[i]));
      text += burst;
      bytes -= burst;
    }
  }

  // Waits until the last byte has left the FIFO, so that a power off does not cut the message.
  void Flush() { (void)WaitUntilEmpty(); }

 private:
  enum Register : uint16_t {
    kTransmit = 0,
    kDivisorLow = 0,
    kDivisorHigh = 1,
    kInterruptEnable = 1,
    kFifoControl = 2,
    kLineControl = 3,
    kModemControl = 4,
    kLineStatus = 5,
  };
  static constexpr uint8_t kEightBits = 0x03;
  static constexpr uint8_t kDivisorAccess = 0x80;
  static constexpr uint8_t kFifoOnAndClear = 0x07;
  static constexpr uint8_t kReadyAndRequest = 0x03;
  static constexpr uint8_t kTransmitEmpty = 0x20;

  bool WaitUntilEmpty() {
    if (absent_) return false;
    for (uint32_t poll = 0; poll < kMostPolls; ++poll) {
      uint8_t status = ports_.Read8(base_ + kLineStatus);
      if (status == 0xff) break;  // nobody drives the bus
      if (status & kTransmitEmpty) return true;
    }
    absent_ = true;
    return false;
  }

  [[no_unique_address]] Ports ports_;
  uint16_t base_;
  bool absent_ = false;
};

}  // namespace toro::serial

#endif  // DRIVERS_SERIAL_SERIAL16550_H_
