// UdpLayer: datagrams by port [rfc768], [rfc1122 4.1].
#ifndef SERVICES_NET_UDP_H_
#define SERVICES_NET_UDP_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "core/base/intrusive_list.h"
#include "core/base/result.h"
#include "services/net/icmp.h"
#include "services/net/ipv4.h"

namespace toro::net {

struct Endpoint {
  Ipv4Address address;
  uint16_t port = 0;
  constexpr bool operator==(const Endpoint&) const = default;
};

struct Datagram {
  Endpoint from;
  PacketPtr payload;
};

class UdpLayer;

// One local port. Of the CPU of its stack, which must outlive it.
class UdpPort : public ListLink {
 public:
  static constexpr size_t kQueued = 64;  // datagrams that wait for Receive; more are dropped and counted

  // Called when a datagram has come or an error about one that was sent. In the context of the stack; must not wait.
  using Handler = void (*)(void* context);

  UdpPort() = default;
  ~UdpPort() { Close(); }

  // Takes local port `port`, or, with 0, one that nobody can guess [rfc6056 3.3.1]. kFull: taken, or all are.
  Status Bind(UdpLayer& udp, uint16_t port);
  void Close();

  // Sends at most udp.max_payload_bytes(). kInvalidArgument: more; kOutOfMemory: no packet; kUnreachable: no way there.
  Status Send(const Endpoint& to, std::span<const uint8_t> bytes);

  // The datagram that has waited longest; false: none.
  bool Receive(Datagram& datagram);

  // Somebody has told us since the last call that what we sent reaches nobody.
  bool TakeError() { return std::exchange(error_, false); }

  void SetHandler(Handler handler, void* context) {
    handler_ = handler;
    context_ = context;
  }
  uint16_t port() const { return port_; }
  uint64_t dropped() const { return dropped_; }

 private:
  friend class UdpLayer;

  UdpLayer* udp_ = nullptr;  // null: closed
  uint16_t port_ = 0;
  bool error_ = false;
  PacketQueue waiting_;  // each with its IPv4 and UDP headers in front
  uint64_t dropped_ = 0;
  Handler handler_ = nullptr;
  void* context_ = nullptr;
};

class UdpLayer {
 public:
  static constexpr size_t kHeaderBytes = 8;
  static constexpr uint16_t kFirstEphemeralPort = 49152;  // [rfc6335 6]
  static constexpr size_t kMaxPorts = 1024;

  struct Counters {
    uint64_t received = 0;
    uint64_t sent = 0;
    uint64_t malformed = 0;
    uint64_t no_port = 0;
  };

  UdpLayer(Ipv4Layer& ipv4, IcmpLayer& icmp, NetEnvironment& environment)
      : ipv4_(ipv4), icmp_(icmp), environment_(environment) {}
  ~UdpLayer();

  void Receive(const Ipv4Header& header, PacketPtr packet);
  void ReceiveError(const IcmpError& error);

  size_t max_payload_bytes() const { return ipv4_.mtu() - kIpv4HeaderBytes - kHeaderBytes; }
  const Counters& counters() const { return counters_; }

 private:
  friend class UdpPort;

  UdpPort* Find(uint16_t port);
  Status Bind(UdpPort& port, uint16_t number);

  Ipv4Layer& ipv4_;
  IcmpLayer& icmp_;
  NetEnvironment& environment_;
  IntrusiveList<UdpPort> ports_;
  size_t count_ = 0;
  Counters counters_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_UDP_H_
