// Random numbers for std::random_device: the CPU's own generator, else the numbers that every CPU makes from the
// entropy of the boot (cpu/entropy.h).
//
// The second are unpredictable enough to spread hash tables, and not for keys; std::random_device promises no more.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "platform/baremetal/cpu/entropy.h"

namespace {

uint64_t Random() {
  uint64_t word;
  return toro::baremetal::ReadHardwareRandom(word) ? word
                                                   : toro::baremetal::NextRandom(toro::baremetal::CurrentCpuBlock());
}

}  // namespace

extern "C" {

uint32_t arc4random() noexcept { return static_cast<uint32_t>(Random()); }

void arc4random_buf(void* buffer, size_t bytes) noexcept {
  auto* place = static_cast<char*>(buffer);
  while (bytes > 0) {
    uint64_t value = Random();
    size_t taken = bytes < sizeof value ? bytes : sizeof value;
    memcpy(place, &value, taken);
    place += taken;
    bytes -= taken;
  }
}

int getentropy(void* buffer, size_t bytes) {
  if (bytes > 256) {
    errno = EIO;
    return -1;
  }
  arc4random_buf(buffer, bytes);
  return 0;
}

}  // extern "C"
