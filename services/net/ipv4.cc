#include "services/net/ipv4.h"

#include <utility>

#include "services/net/byte_order.h"
#include "services/net/checksum.h"

namespace toro::net {
namespace {

constexpr uint16_t kDontFragment = 0x4000;
constexpr uint16_t kMoreFragments = 0x2000;
constexpr uint16_t kOffsetMask = 0x1fff;

}  // namespace

// Source routes are refused [rfc7126 4.3, 4.4]; the rest is checked for its form and ignored.
bool Ipv4Layer::OptionsAreAcceptable(const uint8_t* options, size_t size) {
  constexpr uint8_t kEnd = 0, kNoOperation = 1, kLooseSourceRoute = 131, kStrictSourceRoute = 137;
  for (size_t at = 0; at < size;) {
    uint8_t kind = options[at];
    if (kind == kEnd) return true;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (kind == kLooseSourceRoute || kind == kStrictSourceRoute) return false;
    if (at + 1 >= size || options[at + 1] < 2 || options[at + 1] > size - at) return false;
    at += options[at + 1];
  }
  return true;
}

bool Ipv4Layer::Accept(PacketPtr& packet, Ipv4Header& header, bool group_frame) {
  const uint8_t* at = packet->data();
  size_t size = packet->size();
  size_t header_bytes = size >= kIpv4HeaderBytes ? (at[0] & 0xf) * size_t{4} : 0;
  size_t total_bytes = size >= kIpv4HeaderBytes ? Load16(at + 2) : 0;
  if (size < kIpv4HeaderBytes || at[0] >> 4 != 4 || header_bytes < kIpv4HeaderBytes || total_bytes < header_bytes ||
      total_bytes > size) {
    ++counters_.bad_header;
    return false;
  }
  if (!packet->checksum_verified) {
    InternetChecksum checksum;
    checksum.Add(at, header_bytes);
    if (!checksum.IsRight()) {
      ++counters_.bad_header;
      return false;
    }
  }
  header = {Ipv4Address{Load32(at + 12)}, Ipv4Address{Load32(at + 16)}, at[9], static_cast<uint8_t>(header_bytes)};
  // Before we have an address, everything that reaches our card is for us: the offer of a DHCP server is [rfc2131 4.1].
  bool has_address = !configuration_.address.IsUnspecified();
  bool is_broadcast = configuration_.IsBroadcast(header.destination);
  bool is_unicast_for_us = has_address ? header.destination == configuration_.address : header.destination.IsUnicast();
  header.to_group = group_frame || !is_unicast_for_us;
  if (!is_unicast_for_us && !is_broadcast) {
    ++counters_.not_for_us;
    return false;
  }
  // [rfc1122 3.2.1.3]; and a datagram to one host does not come in a frame for all [rfc1122 3.3.6].
  if (!header.source.IsUnicast() || header.source == configuration_.address ||
      configuration_.IsBroadcast(header.source) || (group_frame && !is_broadcast)) {
    ++counters_.bad_address;
    return false;
  }
  if (!OptionsAreAcceptable(at + kIpv4HeaderBytes, header_bytes - kIpv4HeaderBytes)) {
    ++counters_.bad_options;
    return false;
  }
  uint16_t fragment = Load16(at + 6);
  Reassembly::Key key{header.source, header.destination, Load16(at + 4), header.protocol};
  packet->TrimTo(total_bytes);  // Ethernet pads short frames
  packet->RemoveFront(header_bytes);
  if ((fragment & (kMoreFragments | kOffsetMask)) != 0) {
    packet = reassembly_.Add(key, (fragment & kOffsetMask) * size_t{8}, (fragment & kMoreFragments) != 0, *packet,
                             environment_.NowNs());
    header.header_bytes = 0;  // it had several
  }
  if (packet == nullptr) return false;
  ++counters_.received;
  return true;
}

PacketPtr Ipv4Layer::Allocate() {
  PacketPtr packet = port_.pool().Allocate();
  if (packet == nullptr) ++counters_.no_packet;
  return packet;
}

bool Ipv4Layer::HasRoute(Ipv4Address to) const {
  if (configuration_.IsBroadcast(to)) return true;
  return !NextHop(to).IsUnspecified() && !configuration_.address.IsUnspecified();
}

bool Ipv4Layer::Send(Ipv4Address to, uint8_t protocol, PacketPtr packet, bool may_fragment) {
  if (!HasRoute(to)) {
    ++counters_.no_route;
    return false;
  }
  uint8_t* at = packet->Prepend(kIpv4HeaderBytes);
  at[0] = 0x45;
  at[1] = 0;
  Store16(at + 2, static_cast<uint16_t>(packet->size()));
  // A datagram that nobody may cut needs no name [rfc6864 4.1].
  Store16(at + 4, may_fragment ? static_cast<uint16_t>(environment_.Random()) : 0);
  Store16(at + 6, may_fragment ? 0 : kDontFragment);
  at[8] = kTimeToLive;
  at[9] = protocol;
  Store16(at + 10, 0);
  Store32(at + 12, configuration_.address.value);
  Store32(at + 16, to.value);
  InternetChecksum checksum;
  checksum.Add(at, kIpv4HeaderBytes);
  checksum.Store(at + 10);
  if (packet->checksum_field != 0) {
    packet->checksum_start += kIpv4HeaderBytes;
    packet->checksum_field += kIpv4HeaderBytes;
  }
  ++counters_.sent;
  if (configuration_.IsBroadcast(to)) {
    port_.Send(kBroadcastMac, kEtherTypeIpv4, std::move(packet));
  } else {
    arp_.Send(NextHop(to), std::move(packet));
  }
  return true;
}

}  // namespace toro::net
