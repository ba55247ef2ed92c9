// Bits<R>: the value of a register of type R, so that the bits of one register cannot be written to another.
//
//     struct Control { static constexpr uint32_t kOffset = 0; static constexpr Bits<Control> kReset{1 << 26}; };
#ifndef DRIVERS_REG_BITS_H_
#define DRIVERS_REG_BITS_H_

#include <cstdint>

#include "drivers/reg/register_window.h"

namespace toro::reg {

template <typename R>
struct Bits {
  uint32_t value = 0;

  constexpr Bits operator|(Bits other) const { return {value | other.value}; }
  constexpr Bits operator&(Bits other) const { return {value & other.value}; }
  constexpr Bits Without(Bits other) const { return {value & ~other.value}; }
  constexpr bool Has(Bits all) const { return (value & all.value) == all.value; }
  constexpr bool HasAny(Bits any) const { return (value & any.value) != 0; }
  constexpr bool operator==(const Bits&) const = default;
};

// A window whose registers are types, and which counts the accesses.
class TypedRegisters {
 public:
  explicit TypedRegisters(RegisterWindow& window) : window_(window) {}

  template <typename R>
  Bits<R> Read() {
    ++accesses_;
    return {window_.Read32(R::kOffset)};
  }
  template <typename R>
  void Write(Bits<R> bits) {
    ++accesses_;
    window_.Write32(R::kOffset, bits.value);
  }
  // Register `index` of a table of them.
  template <typename R>
  void WriteAt(uint32_t index, Bits<R> bits) {
    ++accesses_;
    window_.Write32(R::kOffset + 4 * index, bits.value);
  }

  uint64_t accesses() const { return accesses_; }

 private:
  RegisterWindow& window_;
  uint64_t accesses_ = 0;
};

}  // namespace toro::reg

#endif  // DRIVERS_REG_BITS_H_
