#include "services/net/tcp.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "services/net/byte_order.h"
#include "services/net/checksum.h"

namespace toro::net {
namespace {

// What a cookie says of the SYN that it answers: five bits when, three how large segments may be; the rest is a hash.
constexpr uint32_t kCookieMss[8] = {536, 1024, 1220, 1360, 1400, 1440, 1452, 1460};
constexpr uint64_t kCookiePeriodNs = 64 * kNsPerSecond;
constexpr uint32_t kCookiePeriods = 2;              // a cookie is good in its period and the next
constexpr uint64_t kSequenceTickNs = 4 * kNsPerUs;  // [rfc6528 3]

}  // namespace

TcpLayer::TcpLayer(Ipv4Layer& ipv4, NetEnvironment& environment, TimerWheel& timers, const TcpLimits& limits)
    : ipv4_(ipv4),
      environment_(environment),
      timers_(timers),
      limits_(limits),
      buckets_(new(std::nothrow) Bucket[kBuckets]) {
  TORO_CHECK(buckets_ != nullptr, "no memory for the table of connections");
  secret_ = {{environment.Random(), environment.Random()}};
}

TcpLayer::~TcpLayer() {
  while (TcpListener* listener = listeners_.front()) listener->Close();
  for (size_t i = 0; i < kBuckets; ++i) {
    while (TcpConnection* connection = buckets_[i].front()) {
      TORO_CHECK(!connection->held_, "a stack ended while the application held a connection; release it first");
      Destroy(*connection);
    }
  }
  delete[] buckets_;
}

uint64_t TcpLayer::Hash(const Endpoint& local, const Endpoint& remote, uint64_t purpose, uint64_t extra) const {
  const uint64_t words[] = {
      static_cast<uint64_t>(local.address.value) << 32 | remote.address.value,
      static_cast<uint64_t>(local.port) << 48 | static_cast<uint64_t>(remote.port) << 32 | purpose, extra};
  return SipHash(secret_, words);
}

Sequence TcpLayer::InitialSequence(const Endpoint& local, const Endpoint& remote) const {
  return static_cast<Sequence>(environment_.NowNs() / kSequenceTickNs + Hash(local, remote, 0));
}

// The smallest that can say the whole buffer.
uint8_t TcpLayer::OwnWindowShift() const {
  auto bits = static_cast<unsigned>(std::bit_width(limits_.receive_buffer_bytes));
  return static_cast<uint8_t>(std::min<unsigned>(bits > 16 ? bits - 16 : 0, TcpOptions::kMaxWindowShift));
}

// ---- the table ----

TcpLayer::Bucket& TcpLayer::BucketOf(const Endpoint& local, const Endpoint& remote) {
  return buckets_[Hash(local, remote, 2) % kBuckets];
}

TcpConnection* TcpLayer::Find(const Endpoint& local, const Endpoint& remote) {
  Bucket& bucket = BucketOf(local, remote);
  for (TcpConnection* at = bucket.front(); at != nullptr; at = bucket.After(*at)) {
    if (at->remote_ == remote && at->local_ == local && at->state_ != TcpState::kClosed) return at;
  }
  return nullptr;
}

TcpConnection* TcpLayer::Create(const Endpoint& local, const Endpoint& remote) {
  if (count_ >= limits_.connections) RecycleTimeWait();
  auto* connection = count_ < limits_.connections ? new (std::nothrow) TcpConnection(*this, local, remote) : nullptr;
  if (connection == nullptr) {
    ++counters_.table_full;
    return nullptr;
  }
  BucketOf(local, remote).PushBack(*connection);
  ++count_;
  ++counters_.opened;
  return connection;
}

void TcpLayer::Destroy(TcpConnection& connection) {
  Bucket::Remove(connection);
  --count_;
  ++counters_.closed;
  delete &connection;
}

void TcpLayer::RecycleTimeWait() {
  for (auto* at = time_wait_.front(); at != nullptr; at = time_wait_.After(*at)) {
    if (at->connection->held_) continue;
    ++counters_.recycled;
    return Destroy(*at->connection);
  }
}

// ---- opening ----

Result<TcpConnection*> TcpLayer::Connect(const Endpoint& to) {
  if (!to.address.IsUnicast() || to.port == 0 || ipv4_.configuration().IsBroadcast(to.address)) {
    return Status::kInvalidArgument;
  }
  if (!ipv4_.HasRoute(to.address)) return Status::kUnreachable;
  Endpoint local{ipv4_.configuration().address, 0};
  constexpr int kAttempts = 64;
  for (int i = 0; i < kAttempts && local.port == 0; ++i) {
    auto port = static_cast<uint16_t>(UdpLayer::kFirstEphemeralPort | environment_.Random());
    Endpoint candidate{local.address, port};
    if (Find(candidate, to) == nullptr && FindListener(port) == nullptr) local = candidate;
  }
  if (local.port == 0) return Status::kFull;
  TcpConnection* connection = Create(local, to);
  if (connection == nullptr) return Status::kOutOfMemory;
  connection->Connect();
  return connection;
}

TcpListener* TcpLayer::FindListener(uint16_t port) {
  for (TcpListener* at = listeners_.front(); at != nullptr; at = listeners_.After(*at)) {
    if (at->port_ == port) return at;
  }
  return nullptr;
}

Status TcpListener::Listen(TcpLayer& tcp, uint16_t port, size_t backlog) {
  if (tcp_ != nullptr || port == 0 || backlog == 0) return Status::kInvalidArgument;
  if (tcp.FindListener(port) != nullptr) return Status::kFull;
  tcp_ = &tcp;
  port_ = port;
  backlog_ = backlog;
  tcp.listeners_.PushBack(*this);
  return Status::kOk;
}

void TcpListener::Close() {
  if (tcp_ == nullptr) return;
  IntrusiveList<TcpListener>::Remove(*this);
  handler_ = nullptr;
  tcp_->ForEach([this](TcpConnection& connection) {
    if (connection.listener_ == this) connection.Abort();
  });
  tcp_ = nullptr;
}

TcpConnection* TcpListener::Accept() {
  TcpConnection::QueueLink* first = queue_.PopFront();
  if (first == nullptr) return nullptr;
  --waiting_;
  first->connection->listener_ = nullptr;
  return first->connection;
}

// ---- segments ----

void TcpLayer::Receive(const Ipv4Header& header, PacketPtr packet) {
  ++counters_.received;
  if (header.to_group) {  // [rfc9293 3.9.2.3: MUST-57]
    ++counters_.malformed;
    return;
  }
  if (!packet->checksum_verified) {
    InternetChecksum checksum;
    checksum.AddPseudoHeader(header.source, header.destination, kProtocolTcp, packet->size());
    checksum.Add(packet->data(), packet->size());
    if (!checksum.IsRight()) {
      ++counters_.malformed;
      return;
    }
  }
  TcpSegment segment;
  if (!segment.Take(*packet) || segment.source_port == 0 || segment.destination_port == 0) {
    ++counters_.malformed;
    return;
  }
  Endpoint local{header.destination, segment.destination_port};
  Endpoint remote{header.source, segment.source_port};
  TcpConnection* connection = Find(local, remote);
  TcpListener* listener = connection == nullptr || connection->state_ == TcpState::kTimeWait
                              ? FindListener(segment.destination_port)
                              : nullptr;
  if (connection != nullptr && listener != nullptr && !connection->held_ && segment.Has(kSyn) &&
      !segment.Has(kAck | kRst)) {
    // The same peer calls again before the old connection is forgotten [rfc6191 2], [rfc9293 3.6.1].
    bool is_newer = connection->timestamps_ && segment.options.has_timestamp
                        ? IsBefore(connection->recent_timestamp_, segment.options.timestamp)
                        : IsBefore(connection->receive_next_, segment.sequence);
    if (is_newer) {
      ++counters_.recycled;
      Destroy(*connection);
      connection = nullptr;
    }
  }
  if (connection != nullptr) {
    connection->Receive(segment, std::move(packet));
  } else if (listener != nullptr) {
    if (segment.Has(kAck) && !segment.Has(kRst | kSyn) && AcceptCookie(*listener, segment, local, remote)) {
      Find(local, remote)->Receive(segment, std::move(packet));
    } else {
      ReceiveInListen(*listener, segment, local, remote);
    }
  } else {
    ReceiveForNobody(segment, local, remote);
  }
}

void TcpLayer::ReceiveError(const IcmpError& error) {
  Endpoint local{ipv4_.configuration().address, error.local_port};
  TcpConnection* connection = Find(local, {error.destination, error.remote_port});
  if (connection != nullptr) connection->ReceiveError(error);
}

// [rfc9293 3.10.7.1]
void TcpLayer::ReceiveForNobody(const TcpSegment& segment, const Endpoint& local, const Endpoint& remote) {
  if (segment.Has(kRst)) return;
  constexpr uint64_t kEachNs = kNsPerSecond / kResetsPerSecond;
  uint64_t now_ns = environment_.NowNs();
  resets_full_ns_ = std::max(resets_full_ns_, now_ns);
  if (resets_full_ns_ - now_ns > kNsPerSecond - kEachNs) {
    ++counters_.resets_limited;
    return;
  }
  resets_full_ns_ += kEachNs;
  PacketPtr packet = ipv4_.Allocate();
  if (packet == nullptr) return;
  TcpSegment reset;
  reset.source_port = local.port;
  reset.destination_port = remote.port;
  if (segment.Has(kAck)) {
    reset.sequence = segment.acknowledgment;
    reset.flags = kRst;
  } else {
    reset.acknowledgment = segment.End();
    reset.flags = kRst | kAck;
  }
  ++counters_.resets_sent;
  (void)Send(reset, remote.address, std::move(packet));
}

// [rfc9293 3.10.7.2]
void TcpLayer::ReceiveInListen(TcpListener& listener, const TcpSegment& segment, const Endpoint& local,
                               const Endpoint& remote) {
  if (segment.Has(kRst)) return;
  if (segment.Has(kAck)) return ReceiveForNobody(segment, local, remote);
  if (!segment.Has(kSyn)) return;
  if (listener.waiting_ >= listener.backlog_) {  // the peer asks again; a reset would end its patience
    ++counters_.backlog_full;
    return;
  }
  TcpConnection* connection = half_open_ < limits_.half_open ? Create(local, remote) : nullptr;
  if (connection == nullptr) return SendCookie(listener, segment, local, remote);
  connection->Accept(segment, &listener);
}

uint32_t TcpLayer::Cookie(const Endpoint& local, const Endpoint& remote, Sequence peer_initial, uint32_t period,
                          uint32_t mss_index) const {
  uint64_t hash = Hash(local, remote, 3, static_cast<uint64_t>(peer_initial) << 32 | period << 3 | mss_index);
  return period << 27 | mss_index << 24 | (hash & 0xffffff);
}

void TcpLayer::SendCookie(TcpListener& listener, const TcpSegment& syn, const Endpoint& local, const Endpoint& remote) {
  PacketPtr packet = ipv4_.Allocate();
  if (packet == nullptr) return;
  uint32_t mss = std::min<uint32_t>(syn.options.mss != 0 ? syn.options.mss : kDefaultMss, OwnMss());
  uint32_t index = 7;
  while (index > 0 && kCookieMss[index] > mss) --index;
  auto period = static_cast<uint32_t>(environment_.NowNs() / kCookiePeriodNs);
  listener.cookie_sent_ns_ = environment_.NowNs();
  TcpSegment answer;
  answer.source_port = local.port;
  answer.destination_port = remote.port;
  answer.sequence = Cookie(local, remote, syn.sequence, period, index);
  answer.acknowledgment = syn.sequence + 1;
  answer.flags = kSyn | kAck;
  answer.window = static_cast<uint16_t>(std::min<size_t>(limits_.receive_buffer_bytes, 0xffff));
  answer.options.mss = static_cast<uint16_t>(OwnMss());
  ++counters_.cookies_sent;
  (void)Send(answer, remote.address, std::move(packet));
}

// True: the acknowledgment belongs to a cookie of ours, and its connection exists now.
bool TcpLayer::AcceptCookie(TcpListener& listener, const TcpSegment& ack, const Endpoint& local,
                            const Endpoint& remote) {
  uint64_t now_ns = environment_.NowNs();
  if (listener.cookie_sent_ns_ == 0 || now_ns - listener.cookie_sent_ns_ > kCookiePeriods * kCookiePeriodNs)
    return false;
  if (listener.waiting_ >= listener.backlog_) return false;
  Sequence cookie = ack.acknowledgment - 1;
  auto period = static_cast<uint32_t>(now_ns / kCookiePeriodNs);
  uint32_t index = cookie >> 24 & 7;
  for (uint32_t age = 0; age < kCookiePeriods; ++age) {
    if (Cookie(local, remote, ack.sequence - 1, period - age, index) != cookie) continue;
    TcpConnection* connection = Create(local, remote);
    if (connection == nullptr) return false;
    ++counters_.cookies_accepted;
    connection->AcceptCookie(ack, cookie, std::min(kCookieMss[index], OwnMss()), &listener);
    return true;
  }
  return false;
}

bool TcpLayer::Send(const TcpSegment& segment, Ipv4Address to, PacketPtr packet) {
  segment.Prepend(*packet);
  uint8_t* at = packet->data();
  InternetChecksum checksum;
  checksum.AddPseudoHeader(ipv4_.configuration().address, to, kProtocolTcp, packet->size());
  constexpr uint8_t kChecksumField = 16;
  if (ipv4_.fills_checksums()) {
    checksum.StoreSum(at + kChecksumField);
    packet->checksum_field = kChecksumField;
  } else {
    checksum.Add(at, packet->size());
    checksum.Store(at + kChecksumField);
  }
  ++counters_.sent;
  return ipv4_.Send(to, kProtocolTcp, std::move(packet));
}

}  // namespace toro::net
