// The sum of the internet checksum [rfc1071], for the model: the simplest form.
#ifndef DRIVERS_E1000_MODEL_INTERNET_SUM_H_
#define DRIVERS_E1000_MODEL_INTERNET_SUM_H_

#include <cstddef>
#include <cstdint>

namespace toro::e1000 {

// `sum` and the 16-bit words of the bytes, the last one padded by zero, with the carries added in. Not complemented.
inline uint16_t InternetSum(const unsigned char* bytes, size_t count, uint32_t sum = 0) {
  for (size_t i = 0; i < count; ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>((sum & 0xffff) + (sum >> 16));
}

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_MODEL_INTERNET_SUM_H_
