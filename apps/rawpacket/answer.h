// What rawpacket answers: ARP [rfc826], ICMP echo [rfc792], and frames of the experimental EtherType [ieee802 table 3].
#ifndef APPS_RAWPACKET_ANSWER_H_
#define APPS_RAWPACKET_ANSWER_H_

#include <array>
#include <cstdint>

#include "core/device/nic.h"

namespace rawpacket {

using Ipv4 = std::array<uint8_t, 4>;

struct Counters {
  uint64_t arp = 0;
  uint64_t echo = 0;
  uint64_t experimental = 0;
  uint64_t others = 0;
};

// Turns the frame into its answer. False: there is none.
bool Answer(toro::Packet& packet, const toro::MacAddress& mac, const Ipv4& address, Counters& counters);

}  // namespace rawpacket

#endif  // APPS_RAWPACKET_ANSWER_H_
