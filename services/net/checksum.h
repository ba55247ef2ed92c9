// InternetChecksum: the sum of 16-bit words in ones' complement [rfc1071].
//
// WHY 32-bit words in a 64-bit register: carries gather in the upper half and are folded once. The sum does not depend
// on the byte order of the machine as long as it is loaded and stored in the same one [rfc1071 2].
#ifndef SERVICES_NET_CHECKSUM_H_
#define SERVICES_NET_CHECKSUM_H_

#include <cstddef>
#include <cstdint>

#include "services/net/ipv4_address.h"

namespace toro::net {

class InternetChecksum {
 public:
  // Pieces of an odd length only as the last one.
  void Add(const uint8_t* bytes, size_t size);

  // What TCP and UDP put in front of their headers [rfc9293 3.1].
  void AddPseudoHeader(Ipv4Address source, Ipv4Address destination, uint8_t protocol, size_t bytes);

  // Writes the checksum, or, for a NIC that goes on with it, the sum so far.
  void Store(uint8_t* at) const;
  void StoreSum(uint8_t* at) const;

  // Of data that contains its checksum: is it right?
  bool IsRight() const { return Folded() == 0xffff; }

 private:
  uint16_t Folded() const;

  uint64_t sum_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_CHECKSUM_H_
