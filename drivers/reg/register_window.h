// RegisterWindow: the 32-bit registers of a device, by their offsets, as the bus parameter of drivers.
//
// WHY virtual. The same driver runs on the machine (MappedRegisters) and on a model of the device. An access to a
// register of a real or virtual device takes a microsecond; the call before it does not show.
#ifndef DRIVERS_REG_REGISTER_WINDOW_H_
#define DRIVERS_REG_REGISTER_WINDOW_H_

#include <cstdint>

namespace toro::reg {

class RegisterWindow {
 public:
  // `offset` in bytes, a multiple of 4.
  virtual uint32_t Read32(uint32_t offset) = 0;
  virtual void Write32(uint32_t offset, uint32_t value) = 0;

 protected:
  ~RegisterWindow() = default;
};

// Registers in memory that is mapped uncached: a store to it is ordered after all earlier stores [sdm3 12.2.3], so what
// a descriptor says is in memory before the device hears of it.
class MappedRegisters final : public RegisterWindow {
 public:
  explicit MappedRegisters(uint64_t address) : base_(reinterpret_cast<volatile uint32_t*>(address)) {}

  uint32_t Read32(uint32_t offset) override { return base_[offset / 4]; }
  void Write32(uint32_t offset, uint32_t value) override {
    asm volatile("" : : : "memory");  // the compiler, too, keeps the order
    base_[offset / 4] = value;
  }

 private:
  volatile uint32_t* base_;
};

}  // namespace toro::reg

#endif  // DRIVERS_REG_REGISTER_WINDOW_H_
