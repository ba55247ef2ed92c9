#include "services/net/checksum.h"

#include <cstring>

#include "services/net/byte_order.h"

namespace toro::net {

void InternetChecksum::Add(const uint8_t* bytes, size_t size) {
  uint32_t word;
  for (; size >= 4; size -= 4, bytes += 4) {
    std::memcpy(&word, bytes, 4);
    sum_ += word;
  }
  word = 0;
  std::memcpy(&word, bytes, size);  // what is missing counts as zero
  sum_ += word;
}

void InternetChecksum::AddPseudoHeader(Ipv4Address source, Ipv4Address destination, uint8_t protocol, size_t bytes) {
  uint8_t header[12];
  Store32(header, source.value);
  Store32(header + 4, destination.value);
  Store16(header + 8, protocol);
  Store16(header + 10, static_cast<uint16_t>(bytes));
  Add(header, sizeof(header));
}

uint16_t InternetChecksum::Folded() const {
  uint64_t sum = sum_;
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

void InternetChecksum::Store(uint8_t* at) const {
  auto value = static_cast<uint16_t>(~Folded());
  std::memcpy(at, &value, 2);
}

void InternetChecksum::StoreSum(uint8_t* at) const {
  uint16_t value = Folded();
  std::memcpy(at, &value, 2);
}

}  // namespace toro::net
