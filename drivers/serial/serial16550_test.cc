#include "drivers/serial/serial16550.h"

#include <gtest/gtest.h>

#include <string>

#include "drivers/reg/fake_io_ports.h"

namespace toro::serial {
namespace {

constexpr uint16_t kLineStatusPort = kCom1 + 5;

struct PortsReference {
  reg::FakeIoPorts* fake;
  uint8_t Read8(uint16_t port) { return fake->Read8(port); }
  void Write8(uint16_t port, uint8_t value) { fake->Write8(port, value); }
};

std::string Written(const reg::FakeIoPorts& fake) {
  std::string text;
  for (const auto& write : fake.writes()) {
    if (write.port == kCom1) text += static_cast<char>(write.value);
  }
  return text;
}

TEST(Serial16550Test, WritesExactlyTheBytesGiven) {
  reg::FakeIoPorts fake;
  fake.Answer(kLineStatusPort, 0x60);
  Serial16550 port(PortsReference{&fake});
  port.Write("a\nb\0c", 5);
  EXPECT_EQ(Written(fake), std::string("a\nb\0c", 5));
}

TEST(Serial16550Test, LooksAtTheStatusOncePerFifo) {
  reg::FakeIoPorts fake;
  fake.Answer(kLineStatusPort, 0x60);
  Serial16550 port(PortsReference{&fake});
  std::string text(40, 'x');
  port.Write(text.data(), text.size());
  EXPECT_EQ(Written(fake), text);
  EXPECT_EQ(fake.reads(kLineStatusPort), 3);
}

TEST(Serial16550Test, WaitsWhileTheFifoIsNotEmpty) {
  reg::FakeIoPorts fake;
  fake.Answer(kLineStatusPort, 0x00);
  fake.Answer(kLineStatusPort, 0x00);
  fake.Answer(kLineStatusPort, 0x20);
  Serial16550 port(PortsReference{&fake});
  port.Write("x", 1);
  EXPECT_EQ(Written(fake), "x");
  EXPECT_EQ(fake.reads(kLineStatusPort), 3);
}

TEST(Serial16550Test, GivesUpWhenNoPortIsThere) {
  reg::FakeIoPorts fake;  // reads all ones
  Serial16550 port(PortsReference{&fake});
  port.Write("x", 1);
  port.Write("x", 1);
  EXPECT_EQ(Written(fake), "");
  EXPECT_EQ(fake.reads(kLineStatusPort), 1);
}

TEST(Serial16550Test, GivesUpOnAPortThatNeverEmpties) {
  reg::FakeIoPorts fake;
  fake.Answer(kLineStatusPort, 0x00);
  Serial16550 port(PortsReference{&fake});
  port.Write("x", 1);
  EXPECT_EQ(Written(fake), "");
  EXPECT_EQ(fake.reads(kLineStatusPort), static_cast<int>(Serial16550<PortsReference>::kMostPolls));
}

}  // namespace
}  // namespace toro::serial
