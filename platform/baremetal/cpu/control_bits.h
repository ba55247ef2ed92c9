// ControlBits: the control bits of one CPU that the rights of pages rest on: which it has, and which are on.
#ifndef PLATFORM_BAREMETAL_CPU_CONTROL_BITS_H_
#define PLATFORM_BAREMETAL_CPU_CONTROL_BITS_H_

#include <cstddef>
#include <cstdint>

namespace toro::baremetal {

class ControlBits {
 public:
  enum Bit : size_t {
    kWriteProtect,  // CR0.WP: ring 0 cannot write what is read-only [sdm3 2.5]
    kNoExecute,     // EFER.NXE: data cannot be executed [sdm3 2.2.1]
    kSmep,          // CR4: ring 0 cannot execute pages of ring 3; there are none, so none may appear
    kSmap,          // CR4: nor read and write them
    kUmip,          // CR4: ring 3 cannot ask where descriptor tables are
    kCount,
  };
  static constexpr const char* kNames[kCount] = {"WP", "NXE", "SMEP", "SMAP", "UMIP"};

  void Note(Bit bit, bool has, bool on) {
    if (has) has_ |= 1u << bit;
    if (on) on_ |= 1u << bit;
  }
  bool Has(size_t bit) const { return has_ >> bit & 1; }
  bool On(size_t bit) const { return on_ >> bit & 1; }

  // The name of a bit that the CPU has and that is off, or null.
  const char* Missing() const;

 private:
  uint16_t has_ = 0;
  uint16_t on_ = 0;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_CONTROL_BITS_H_
