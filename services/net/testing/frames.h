// Frames as a test writes them: right by default, wrong where it says so.
#ifndef SERVICES_NET_TESTING_FRAMES_H_
#define SERVICES_NET_TESTING_FRAMES_H_

#include <cstdint>
#include <span>

#include "services/net/testing/test_host.h"

namespace toro::net {

// The peer of a TestHost, and that host.
inline constexpr MacAddress kPeerMac = {2, 0, 0, 0, 0, 2};
inline constexpr MacAddress kHostMac = {2, 0, 0, 0, 0, 1};
inline constexpr Ipv4Address kPeer = Ipv4Address::Of(10, 0, 0, 2);
inline constexpr Ipv4Address kHost = Ipv4Address::Of(10, 0, 0, 1);

struct Ipv4Fields {
  Ipv4Address source = kPeer;
  Ipv4Address destination = kHost;
  uint8_t protocol = kProtocolUdp;
  uint8_t version = 4;
  int header_words = -1;  // -1: as many as there are
  int total_bytes = -1;   // -1: as many as there are
  uint16_t identification = 1;
  bool more_fragments = false;
  size_t offset = 0;  // of a fragment, in bytes
  Frame options;      // a multiple of four bytes
  bool bad_checksum = false;
  MacAddress to_mac = kHostMac;
};

Frame EthernetFrame(const MacAddress& to, const MacAddress& from, uint16_t type, const Frame& payload);
Frame Ipv4Frame(const Ipv4Fields& fields, const Frame& payload);
Frame IcmpMessage(uint8_t type, uint8_t code, uint32_t rest, const Frame& data);
Frame UdpDatagram(uint16_t from, uint16_t to, const Frame& data, Ipv4Address source = kPeer,
                  Ipv4Address destination = kHost);
Frame ArpFrame(uint16_t operation, const MacAddress& sender_mac, Ipv4Address sender, Ipv4Address target,
               const MacAddress& to = kBroadcastMac);

struct TcpFields {
  uint16_t from = 5000;
  uint16_t to = 80;
  uint32_t sequence = 0;
  uint32_t acknowledgment = 0;
  uint8_t flags = 0;
  uint16_t window = 65535;
  Frame options;  // a multiple of four bytes
  Frame payload;
  bool bad_checksum = false;
  int offset_words = -1;  // -1: as many as there are
};
// A segment from kPeer to kHost, in its frame.
Frame TcpFrame(const TcpFields& fields);
// What a frame that the host sent says. False: it is no TCP.
bool ParseTcp(const Frame& frame, TcpFields& fields);

// `size` bytes that are a function of `seed`.
Frame Bytes(size_t size, uint64_t seed = 1);

// The part of `frame` behind its first `headers` bytes.
Frame Behind(const Frame& frame, size_t headers);

// The host and its peer know each other's cards.
void Introduce(TestHost& host);

}  // namespace toro::net

#endif  // SERVICES_NET_TESTING_FRAMES_H_
