// Random numbers for std::random_device: RDRAND where the CPU has it [sdm1 7.3.17], else the time stamp counter, mixed.
//
// The second is unpredictable enough to spread hash tables, and not for keys; std::random_device promises no more.
#include <cpuid.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/mix.h"
#include "core/machine/machine.h"

namespace {

constexpr int kTries = 10;  // [sdm1 7.3.17.1]: more failures in a row mean that the generator is broken

bool HasRdrand() {
  uint32_t a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_RDRND) != 0;
}

[[gnu::target("rdrnd")]] bool ReadRdrand(uint64_t& value) {
  for (int i = 0; i < kTries; ++i) {
    unsigned long long word;
    if (__builtin_ia32_rdrand64_step(&word) != 0) {
      value = word;
      return true;
    }
  }
  return false;
}

uint64_t Random() {
  uint64_t value;
  return HasRdrand() && ReadRdrand(value) ? value : toro::Mix(toro::Machine::Cycles());
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
