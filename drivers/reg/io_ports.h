// IoPorts: the x86 port space, as the bus parameter of drivers.
//
// WHY. A driver is a template over its bus, so the same source runs against the machine and, on the host, against
// FakeIoPorts (fake_io_ports.h).
#ifndef DRIVERS_REG_IO_PORTS_H_
#define DRIVERS_REG_IO_PORTS_H_

#include <cstdint>

namespace toro::reg {

struct IoPorts {
  static uint8_t Read8(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
  }
  static uint16_t Read16(uint16_t port) {
    uint16_t value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
  }
  static uint32_t Read32(uint16_t port) {
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
  }
  static void Write8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
  }
  static void Write16(uint16_t port, uint16_t value) {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
  }
  static void Write32(uint16_t port, uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
  }
};

}  // namespace toro::reg

#endif  // DRIVERS_REG_IO_PORTS_H_
