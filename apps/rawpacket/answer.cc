#include "apps/rawpacket/answer.h"

#include <algorithm>
#include <cstring>

namespace rawpacket {
namespace {

constexpr size_t kEthernetBytes = 14;
constexpr uint16_t kIpv4Type = 0x0800, kArpType = 0x0806, kExperimentalType = 0x88b5;

uint16_t Load16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
void Store16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void TurnAround(uint8_t* frame, const toro::MacAddress& mac) {
  std::memcpy(frame, frame + 6, 6);
  std::copy(mac.begin(), mac.end(), frame + 6);
}

bool AnswerArp(toro::Packet& packet, const toro::MacAddress& mac, const Ipv4& address) {
  constexpr size_t kArpBytes = 28;
  constexpr uint8_t kRequestForIpv4[] = {0, 1, 8, 0, 6, 4, 0, 1};
  if (packet.size() < kEthernetBytes + kArpBytes) return false;
  uint8_t* arp = packet.data() + kEthernetBytes;
  if (std::memcmp(arp, kRequestForIpv4, sizeof kRequestForIpv4) != 0) return false;
  if (std::memcmp(arp + 24, address.data(), 4) != 0) return false;
  arp[7] = 2;  // a reply
  std::memcpy(arp + 18, arp + 8, 10);
  std::copy(mac.begin(), mac.end(), arp + 8);
  std::copy(address.begin(), address.end(), arp + 14);
  TurnAround(packet.data(), mac);
  return true;
}

// The checksums change by as much as the words that change do [rfc1624]: the addresses only change places, and of ICMP
// the type goes from 8 to 0.
bool AnswerEcho(toro::Packet& packet, const toro::MacAddress& mac, const Ipv4& address) {
  constexpr size_t kHeaderBytes = 20, kIcmpBytes = 8;
  if (packet.size() < kEthernetBytes + kHeaderBytes + kIcmpBytes) return false;
  uint8_t* ip = packet.data() + kEthernetBytes;
  constexpr uint8_t kPlainHeader = 0x45, kIcmp = 1, kEchoRequest = 8;
  const bool is_fragment = (Load16(ip + 6) & 0x3fff) != 0;
  if (ip[0] != kPlainHeader || ip[9] != kIcmp || is_fragment || std::memcmp(ip + 16, address.data(), 4) != 0) {
    return false;
  }
  uint8_t* icmp = ip + kHeaderBytes;
  if (icmp[0] != kEchoRequest || icmp[1] != 0) return false;
  uint32_t sum = uint32_t{Load16(icmp + 2)} + (kEchoRequest << 8);
  icmp[0] = 0;
  Store16(icmp + 2, static_cast<uint16_t>(sum + (sum >> 16)));
  std::memcpy(ip + 16, ip + 12, 4);
  std::copy(address.begin(), address.end(), ip + 12);
  TurnAround(packet.data(), mac);
  return true;
}

}  // namespace

bool Answer(toro::Packet& packet, const toro::MacAddress& mac, const Ipv4& address, Counters& counters) {
  switch (Load16(packet.data() + 12)) {
    case kArpType:
      if (!AnswerArp(packet, mac, address)) break;
      ++counters.arp;
      return true;
    case kIpv4Type:
      if (!AnswerEcho(packet, mac, address)) break;
      ++counters.echo;
      return true;
    case kExperimentalType:
      TurnAround(packet.data(), mac);
      ++counters.experimental;
      return true;
    default: break;
  }
  ++counters.others;
  return false;
}

}  // namespace rawpacket
