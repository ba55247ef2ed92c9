// Mix: spreads a number over all 64 bits, so that neighbouring numbers give unrelated ones. Not for keys.
#ifndef CORE_BASE_MIX_H_
#define CORE_BASE_MIX_H_

#include <cstdint>

namespace toro {

// From one number to the next that is worth mixing; odd, so that every number comes once.
inline constexpr uint64_t kMixStride = 0x9e3779b97f4a7c15;

// The output function of splitmix64 [splitmix64].
constexpr uint64_t Mix(uint64_t x) {
  x += kMixStride;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace toro

#endif  // CORE_BASE_MIX_H_
