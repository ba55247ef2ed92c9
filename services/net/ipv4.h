// Ipv4Layer: datagrams to and from this host [rfc791], [rfc1122 3.2]. It does not forward.
//
// Every length is checked against the bytes that came, before use. What is wrong is dropped in silence and counted.
#ifndef SERVICES_NET_IPV4_H_
#define SERVICES_NET_IPV4_H_

#include <cstddef>
#include <cstdint>

#include "services/net/arp.h"
#include "services/net/environment.h"
#include "services/net/ethernet.h"
#include "services/net/ipv4_address.h"
#include "services/net/reassembly.h"

namespace toro::net {

inline constexpr size_t kIpv4HeaderBytes = 20;
inline constexpr size_t kIpv4MaxHeaderBytes = 60;
inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;

// Of a datagram that was received.
struct Ipv4Header {
  Ipv4Address source;
  Ipv4Address destination;
  uint8_t protocol = 0;
  uint8_t header_bytes = 0;  // the header as it came lies so many bytes in front of the payload
  bool to_group = false;  // sent to a broadcast or multicast address, of the link or of IPv4: never answer with errors
};

class Ipv4Layer {
 public:
  static constexpr uint8_t kTimeToLive = 64;

  struct Counters {
    uint64_t received = 0;  // whole datagrams, handed on
    uint64_t sent = 0;
    uint64_t bad_header = 0;   // version, lengths, checksum
    uint64_t bad_address = 0;  // a source or destination that cannot be
    uint64_t bad_options = 0;  // malformed, or source routes
    uint64_t not_for_us = 0;
    uint64_t no_route = 0;
    uint64_t no_packet = 0;  // the pool was empty
  };

  Ipv4Layer(EthernetPort& port, ArpTable& arp, NetEnvironment& environment, const Ipv4Configuration& configuration)
      : port_(port), arp_(arp), environment_(environment), configuration_(configuration), reassembly_(port.pool()) {}

  // Takes the header off a datagram. True: `packet` is the payload of a datagram for us. False: it is dropped, or kept
  // until the rest of it comes. `group_frame`: the frame was not sent to our card alone.
  bool Accept(PacketPtr& packet, Ipv4Header& header, bool group_frame);

  // An empty packet with room for the headers in front; null when there is none, which is counted.
  PacketPtr Allocate();

  // Sends `packet`, the payload. False, and counted: no way leads there. The largest payload is mtu() - 20.
  bool Send(Ipv4Address to, uint8_t protocol, PacketPtr packet, bool may_fragment = false);

  bool HasRoute(Ipv4Address to) const;

  PacketPool& pool() { return port_.pool(); }
  size_t mtu() const { return port_.mtu(); }
  bool fills_checksums() const { return port_.nic().description().fills_checksums; }
  const Ipv4Configuration& configuration() const { return configuration_; }
  const Counters& counters() const { return counters_; }
  const Reassembly& reassembly() const { return reassembly_; }

 private:
  // 0.0.0.0: none.
  Ipv4Address NextHop(Ipv4Address to) const { return configuration_.IsOnLink(to) ? to : configuration_.gateway; }
  static bool OptionsAreAcceptable(const uint8_t* options, size_t size);

  EthernetPort& port_;
  ArpTable& arp_;
  NetEnvironment& environment_;
  const Ipv4Configuration& configuration_;
  Reassembly reassembly_;
  Counters counters_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_IPV4_H_
