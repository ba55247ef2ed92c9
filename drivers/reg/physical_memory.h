// PhysicalMemory: bytes at physical addresses, as a parser of tables sees them.
//
// WHY virtual. Parsers of what firmware and loaders left in memory run once; on the host they read bytes that a test
// wrote (fake_physical_memory.h), truncated and corrupted at will.
#ifndef DRIVERS_REG_PHYSICAL_MEMORY_H_
#define DRIVERS_REG_PHYSICAL_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace toro::reg {

class PhysicalMemory {
 public:
  // The `bytes` bytes at `address`, or null if not all of them can be read.
  virtual const unsigned char* At(uint64_t address, uint64_t bytes) const = 0;

 protected:
  ~PhysicalMemory() = default;
};

// The little-endian T at `from`, whatever its alignment.
template <typename T>
T Load(const unsigned char* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace toro::reg

#endif  // DRIVERS_REG_PHYSICAL_MEMORY_H_
