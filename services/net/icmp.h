// IcmpLayer: echo, and errors in both directions [rfc792], [rfc1122 3.2.2].
//
// Answers and errors that we send are limited to kAnswersPerSecond, each kind for itself, so that nobody can use this
// host to flood another.
#ifndef SERVICES_NET_ICMP_H_
#define SERVICES_NET_ICMP_H_

#include <cstddef>
#include <cstdint>

#include "services/net/ipv4.h"

namespace toro::net {

enum class Unreachable : uint8_t { kNetwork = 0, kHost = 1, kProtocol = 2, kPort = 3, kFragmentationNeeded = 4 };

// What somebody on the way says about a datagram that we sent.
struct IcmpError {
  Unreachable code = Unreachable::kNetwork;
  uint16_t mtu = 0;         // of the next hop, with kFragmentationNeeded; 0: an old router that does not say
  uint8_t protocol = 0;     // of our datagram
  Ipv4Address destination;  // of our datagram
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  uint32_t sequence = 0;  // of our segment, if it was TCP
};

struct EchoReply {
  Ipv4Address from;
  uint16_t identifier = 0;
  uint16_t sequence = 0;
  size_t bytes = 0;  // of the data that came back
};

class IcmpLayer {
 public:
  static constexpr unsigned kAnswersPerSecond = 1000;
  static constexpr size_t kHeaderBytes = 8;

  struct Counters {
    uint64_t echoes_answered = 0;
    uint64_t errors_sent = 0;
    uint64_t errors_received = 0;
    uint64_t malformed = 0;
    uint64_t limited = 0;  // answers and errors that were not sent
    uint64_t ignored = 0;  // redirects, masks, timestamps and the like
  };

  // Called when a host answers SendEcho. In the context of the stack; must not wait.
  using EchoHandler = void (*)(void* context, const EchoReply& reply);

  IcmpLayer(Ipv4Layer& ipv4, NetEnvironment& environment) : ipv4_(ipv4), environment_(environment) {}

  // True: it was an error about a datagram of ours, described in `error`, for its protocol to judge.
  bool Receive(const Ipv4Header& header, PacketPtr packet, IcmpError& error);

  // Tells the sender of `packet`, a payload as it was received, why nobody takes it.
  void SendUnreachable(const Ipv4Header& header, Unreachable code, Packet& packet);

  // Asks a host for an echo of `bytes` bytes. False: too large, no packet, or no way there.
  bool SendEcho(Ipv4Address to, uint16_t identifier, uint16_t sequence, size_t bytes);
  void SetEchoHandler(EchoHandler handler, void* context) {
    echo_handler_ = handler;
    echo_context_ = context;
  }

  const Counters& counters() const { return counters_; }

 private:
  // So many per second, and as many at once.
  struct Budget {
    uint64_t full_ns = 0;  // when it is full again
    bool Take(uint64_t now_ns);
  };

  void AnswerEcho(const Ipv4Header& header, PacketPtr packet);
  bool ParseError(const Packet& packet, IcmpError& error);
  void FinishAndSend(Ipv4Address to, PacketPtr packet);

  Ipv4Layer& ipv4_;
  NetEnvironment& environment_;
  Budget echo_budget_;
  Budget error_budget_;
  EchoHandler echo_handler_ = nullptr;
  void* echo_context_ = nullptr;
  Counters counters_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_ICMP_H_
