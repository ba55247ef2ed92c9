// TcpLayer: which connection a segment belongs to, and what happens to those that belong to none.
//
// INVARIANTS
//   I1. At most limits.connections exist. A full table takes the place of the oldest connection in TIME-WAIT, or
//       answers nothing: it never breaks a connection that lives.
//   I2. A SYN beyond limits.half_open costs no memory: its answer carries what we must remember [rfc4987 3.6].
//   I3. Sequence numbers, ports, timestamps and cookies are functions of a secret [rfc6528], [rfc6056], [rfc7323 5.4].
#ifndef SERVICES_NET_TCP_H_
#define SERVICES_NET_TCP_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/base/intrusive_list.h"
#include "core/base/result.h"
#include "core/sched/timer_wheel.h"
#include "services/net/environment.h"
#include "services/net/icmp.h"
#include "services/net/ipv4.h"
#include "services/net/siphash.h"
#include "services/net/tcp_connection.h"
#include "services/net/tcp_limits.h"

namespace toro::net {

// A local port that takes connections.
class TcpListener : public ListLink {
 public:
  TcpListener() = default;
  ~TcpListener() { Close(); }

  // `backlog`: connections that wait for Accept. kFull: another listener has the port.
  Status Listen(TcpLayer& tcp, uint16_t port, size_t backlog);
  // Those that wait are reset.
  void Close();

  // The connection that has waited longest; it is the caller's then, until Release. Null: none.
  TcpConnection* Accept();

  void SetHandler(TcpConnection::Handler handler, void* context) {
    handler_ = handler;
    context_ = context;
  }
  uint16_t port() const { return port_; }
  size_t waiting() const { return waiting_; }

 private:
  friend class TcpLayer;
  friend class TcpConnection;

  TcpLayer* tcp_ = nullptr;  // null: closed
  uint16_t port_ = 0;
  size_t backlog_ = 0;
  size_t waiting_ = 0;
  IntrusiveList<TcpConnection::QueueLink> queue_;  // established, not accepted
  uint64_t cookie_sent_ns_ = 0;
  TcpConnection::Handler handler_ = nullptr;
  void* context_ = nullptr;
};

class TcpLayer {
 public:
  static constexpr size_t kBuckets = 4096;
  static constexpr unsigned kResetsPerSecond = 1000;

  struct Counters {
    uint64_t received = 0;
    uint64_t sent = 0;
    uint64_t malformed = 0;
    uint64_t resets_sent = 0;
    uint64_t resets_limited = 0;
    uint64_t resent = 0;  // segments
    uint64_t timeouts = 0;
    uint64_t fast_recoveries = 0;
    uint64_t challenges = 0;
    uint64_t paws_drops = 0;
    uint64_t cookies_sent = 0;
    uint64_t cookies_accepted = 0;
    uint64_t table_full = 0;
    uint64_t backlog_full = 0;
    uint64_t recycled = 0;  // connections in TIME-WAIT that made room
    uint64_t no_packet = 0;
    uint64_t opened = 0;
    uint64_t closed = 0;
  };

  TcpLayer(Ipv4Layer& ipv4, NetEnvironment& environment, TimerWheel& timers, const TcpLimits& limits);
  ~TcpLayer();

  // Opens a connection from a port that nobody can guess; it is the caller's until Release. kUnreachable, kFull,
  // kOutOfMemory, kInvalidArgument (an address that names no host, port 0).
  Result<TcpConnection*> Connect(const Endpoint& to);

  void Receive(const Ipv4Header& header, PacketPtr packet);
  void ReceiveError(const IcmpError& error);

  size_t connections() const { return count_; }
  size_t half_open() const { return half_open_; }
  const TcpLimits& limits() const { return limits_; }
  const Counters& counters() const { return counters_; }

  // Calls visit(connection) for each.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (size_t i = 0; i < kBuckets; ++i) {
      for (TcpConnection* at = buckets_[i].front(); at != nullptr;) {
        TcpConnection* following = buckets_[i].After(*at);
        visit(*at);
        at = following;
      }
    }
  }

 private:
  friend class TcpConnection;
  friend class TcpListener;

  using Bucket = IntrusiveList<TcpConnection>;

  uint64_t Hash(const Endpoint& local, const Endpoint& remote, uint64_t purpose, uint64_t extra = 0) const;
  Bucket& BucketOf(const Endpoint& local, const Endpoint& remote);
  TcpConnection* Find(const Endpoint& local, const Endpoint& remote);
  TcpListener* FindListener(uint16_t port);
  TcpConnection* Create(const Endpoint& local, const Endpoint& remote);
  void Destroy(TcpConnection& connection);
  void RecycleTimeWait();
  Sequence InitialSequence(const Endpoint& local, const Endpoint& remote) const;
  uint32_t OwnMss() const { return static_cast<uint32_t>(ipv4_.mtu() - kIpv4HeaderBytes - kTcpHeaderBytes); }
  uint8_t OwnWindowShift() const;

  void ReceiveForNobody(const TcpSegment& segment, const Endpoint& local, const Endpoint& remote);
  void ReceiveInListen(TcpListener& listener, const TcpSegment& segment, const Endpoint& local, const Endpoint& remote);
  void SendCookie(TcpListener& listener, const TcpSegment& syn, const Endpoint& local, const Endpoint& remote);
  uint32_t Cookie(const Endpoint& local, const Endpoint& remote, Sequence peer_initial, uint32_t period,
                  uint32_t mss_index) const;
  bool AcceptCookie(TcpListener& listener, const TcpSegment& ack, const Endpoint& local, const Endpoint& remote);
  // Fills in the checksum and sends.
  bool Send(const TcpSegment& segment, Ipv4Address to, PacketPtr packet);

  Ipv4Layer& ipv4_;
  NetEnvironment& environment_;
  TimerWheel& timers_;
  TcpLimits limits_;
  SipKey secret_;
  Counters counters_;
  size_t count_ = 0;
  size_t half_open_ = 0;
  uint64_t resets_full_ns_ = 0;
  IntrusiveList<TcpListener> listeners_;
  IntrusiveList<TcpConnection::QueueLink> time_wait_;  // the one that ends first in front
  Bucket* buckets_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_TCP_H_
