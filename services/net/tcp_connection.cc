#include "services/net/tcp_connection.h"

#include <algorithm>
#include <cstring>

#include "services/net/tcp.h"

namespace toro::net {

const char* TcpStateName(TcpState state) {
  static constexpr const char* kNames[] = {"CLOSED",      "LISTEN",     "SYN-SENT",   "SYN-RECEIVED",
                                           "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT",
                                           "CLOSING",     "LAST-ACK",   "TIME-WAIT"};
  return kNames[static_cast<size_t>(state)];
}

TcpConnection::TcpConnection(TcpLayer& tcp, const Endpoint& local, const Endpoint& remote)
    : tcp_(tcp), local_(local), remote_(remote) {
  timer_.fire = &Fire;
  timer_.connection = this;
  queue_link_.connection = this;
  initial_ = tcp.InitialSequence(local, remote);
  unacknowledged_ = next_ = lost_end_ = resent_end_ = recovery_end_ = initial_;
  data_begin_ = initial_ + 1;
  // An offset of its own, so that the clock says neither how long we run nor which connections are ours [rfc7323 5.4].
  timestamp_offset_ = static_cast<uint32_t>(tcp.Hash(local, remote, 1));
  heard_ns_ = progress_ns_ = tcp.environment_.NowNs();
  offered_shift_ = tcp.OwnWindowShift();
  SetMss(std::min(tcp.OwnMss(), kDefaultMss));
}

TcpConnection::~TcpConnection() {
  LeaveQueue();
  tcp_.timers_.Stop(timer_);
}

void TcpConnection::LeaveQueue() {
  if (queue_link_.linked()) IntrusiveList<QueueLink>::Remove(queue_link_);
}

// ---- opening ----

void TcpConnection::Connect() {
  active_ = true;
  sack_ = timestamps_ = true;  // we ask for them
  state_ = TcpState::kSynSent;
  offered_end_ = receive_next_;
  SendSyn();
  Settle();
}

// A SYN has come, and there is room to remember it.
void TcpConnection::Accept(const TcpSegment& syn, TcpListener* listener) {
  listener_ = listener;
  state_ = TcpState::kSynReceived;
  ++tcp_.half_open_;
  receive_next_ = offered_end_ = syn.sequence + 1;
  TakePeerOptions(syn);
  SendSyn();
  Settle();
}

// The peer has sent back a cookie: what it stands for is all that we know of its SYN. `ack` is handled afterwards.
void TcpConnection::AcceptCookie(const TcpSegment& ack, Sequence initial, uint32_t mss, TcpListener* listener) {
  listener_ = listener;
  state_ = TcpState::kSynReceived;
  ++tcp_.half_open_;
  initial_ = unacknowledged_ = lost_end_ = resent_end_ = recovery_end_ = initial;
  next_ = data_begin_ = initial + 1;
  receive_next_ = offered_end_ = ack.sequence;
  offered_shift_ = 0;
  SetMss(mss);
  UpdateOfferedWindow();
}

void TcpConnection::TakePeerOptions(const TcpSegment& syn) {
  const TcpOptions& options = syn.options;
  sack_ = options.sack_permitted && (sack_ || !active_);
  timestamps_ = options.has_timestamp && (timestamps_ || !active_);
  if (timestamps_) {
    recent_timestamp_ = options.timestamp;
    recent_timestamp_ns_ = tcp_.environment_.NowNs();
  }
  if (options.has_window_shift) {
    window_shift_ = options.window_shift;
  } else {
    offered_shift_ = 0;  // both or none [rfc7323 2.2]
  }
  SetMss(std::min<uint32_t>(options.mss != 0 ? options.mss : kDefaultMss, tcp_.OwnMss()));
}

// `mss` counts as on the wire, without options [rfc6691]; what is left for data is less.
void TcpConnection::SetMss(uint32_t mss) {
  mss_ = std::max(mss, kMinMss) - (timestamps_ ? 12 : 0);
  congestion_.Begin(mss_);
}

void TcpConnection::EnterEstablished() {
  if (state_ == TcpState::kSynReceived) --tcp_.half_open_;
  state_ = fin_wanted_ ? TcpState::kFinWait1 : TcpState::kEstablished;
  SetDeadline(kWait, kNever);
  if (keep_alive_ns_ != 0) SetDeadline(kKeepAlive, heard_ns_ + keep_alive_ns_);
  if (listener_ != nullptr) {
    ++listener_->waiting_;
    listener_->queue_.PushBack(queue_link_);
  }
  // A SYN that had to be sent again says that the network is full [rfc5681 3.1].
  if (timeouts_ > 0) {
    congestion_.Collapse(0, true);
    timeout_.NoteLostSyn();
  }
  timeouts_ = 0;
  timeout_.EndBackOff();
  Notify();
}

// ---- the application ----

size_t TcpConnection::Writable() const {
  bool may_write = !fin_wanted_ && (CanSend() || state_ == TcpState::kSynSent || state_ == TcpState::kSynReceived);
  size_t limit = tcp_.limits_.send_buffer_bytes;
  return may_write && buffer_.size() < limit ? limit - buffer_.size() : 0;
}

size_t TcpConnection::Write(std::span<const uint8_t> bytes) {
  size_t written = buffer_.Append(bytes.first(std::min(bytes.size(), Writable())));
  if (written > 0) Settle();
  return written;
}

size_t TcpConnection::Read(std::span<uint8_t> bytes) {
  size_t read = 0;
  while (read < bytes.size()) {
    std::span<const uint8_t> front = received_.Front();
    if (front.empty()) break;
    size_t now = std::min(front.size(), bytes.size() - read);
    std::memcpy(bytes.data() + read, front.data(), now);
    received_.Consume(now);
    read += now;
  }
  if (read > 0) Consume(0);
  return read;
}

// The sender hears of more room when it is worth a segment [rfc9293 3.8.6.2.2].
void TcpConnection::Consume(size_t bytes) {
  received_.Consume(bytes);
  Sequence before = offered_end_;
  UpdateOfferedWindow();
  if (IsConnected() && offered_end_ != before && !peer_finished_) {
    uint32_t was_open = before - receive_next_;
    if (was_open < 2 * mss_ || offered_end_ - before >= tcp_.limits_.receive_buffer_bytes / 2) ack_now_ = true;
  }
  if (!ack_now_) offered_end_ = before;  // not told
  Settle();
}

void TcpConnection::Finish() {
  switch (state_) {
    case TcpState::kSynSent:  // sent when there is a connection, as what was written before
    case TcpState::kSynReceived:
    case TcpState::kEstablished:
    case TcpState::kCloseWait:
      fin_wanted_ = true;
      if (state_ == TcpState::kEstablished) state_ = TcpState::kFinWait1;
      if (state_ == TcpState::kCloseWait) state_ = TcpState::kLastAck;
      break;
    default: break;
  }
  Settle();
}

void TcpConnection::Release() {
  held_ = false;
  handler_ = nullptr;
  // Data that nobody will read: the peer must not believe that it was [rfc1122 4.2.2.13], [rfc2525 2.17].
  if (received_.bytes() > 0 && IsConnected() && state_ != TcpState::kTimeWait) return Abort();
  if (state_ == TcpState::kFinWait2) SetDeadline(kWait, tcp_.environment_.NowNs() + kFinWait2Ns);
  if (state_ == TcpState::kSynSent) Close(Status::kOk);  // [rfc9293 3.10.4]
  Finish();
}

void TcpConnection::Abort() {
  held_ = false;
  handler_ = nullptr;
  // [rfc9293 3.10.5]
  if (state_ >= TcpState::kSynReceived && state_ != TcpState::kTimeWait && state_ != TcpState::kClosing &&
      state_ != TcpState::kLastAck) {
    SendReset();
  }
  Close(Status::kReset);
  Settle();
}

void TcpConnection::SetKeepAlive(uint64_t after_ns) {
  keep_alive_ns_ = after_ns;
  SetDeadline(kKeepAlive, after_ns != 0 && IsConnected() ? tcp_.environment_.NowNs() + after_ns : kNever);
  ArmTimer();
}

TcpConnection::View TcpConnection::view() const {
  return {unacknowledged_, next_, receive_next_, window_, congestion_.bytes(), mss_, InFlight(), timeout_.ns()};
}

// ---- ending ----

void TcpConnection::Close(Status why) {
  if (state_ == TcpState::kClosed) return;
  if (state_ == TcpState::kSynReceived) --tcp_.half_open_;
  bool was_waiting = listener_ != nullptr && IsConnected();
  state_ = TcpState::kClosed;
  error_ = why;
  LeaveQueue();
  if (listener_ != nullptr) {  // nobody will accept it
    listener_->waiting_ -= was_waiting;
    listener_ = nullptr;
    held_ = false;
  }
  buffer_.RemoveFront(buffer_.size());
  for (uint64_t& deadline : deadlines_) deadline = kNever;
  ack_now_ = false;
  Notify();
}

void TcpConnection::EnterTimeWait() {
  state_ = TcpState::kTimeWait;
  LeaveQueue();
  tcp_.time_wait_.PushBack(queue_link_);
  for (uint64_t& deadline : deadlines_) deadline = kNever;
  SetDeadline(kWait, tcp_.environment_.NowNs() + kTimeWaitNs);
  Notify();
}

void TcpConnection::Settle() {
  if (state_ != TcpState::kClosed) Output();
  ArmTimer();
  if (notify_) {
    notify_ = false;
    Handler handler = listener_ != nullptr ? listener_->handler_ : handler_;
    void* context = listener_ != nullptr ? listener_->context_ : context_;
    if (handler != nullptr) handler(context);
  }
  if (state_ == TcpState::kClosed && !held_) tcp_.Destroy(*this);
}

// Somebody on the way says that what we sent does not arrive. He may lie: only what quotes data that is on its way is
// heard, and only a connection that is not established yet is given up [rfc5927 4.1, 6].
void TcpConnection::ReceiveError(const IcmpError& error) {
  if (!IsAtOrBefore(unacknowledged_, error.sequence) || !IsBefore(error.sequence, next_)) return;
  if (error.code == Unreachable::kFragmentationNeeded) {
    // [rfc1191 6.4], [rfc5927 7.2]
    uint32_t mtu = std::max(error.mtu, kMinPathMtu);
    uint32_t mss = mtu - kIpv4HeaderBytes - kTcpHeaderBytes - (timestamps_ ? 12 : 0);
    if (mss >= mss_ || !IsConnected()) return;
    mss_ = mss;
    congestion_.ChangeMss(mss_);
    lost_end_ = next_;
    resent_end_ = unacknowledged_;
    resend_one_ = true;
  } else if (state_ == TcpState::kSynSent) {
    bool is_refused = error.code == Unreachable::kPort || error.code == Unreachable::kProtocol;
    if (is_refused) Close(Status::kRefused);
  }
  Settle();
}

// ---- time ----

void TcpConnection::ArmTimer() {
  uint64_t first_ns = *std::min_element(deadlines_, deadlines_ + kDeadlines);
  if (first_ns >= armed_ns_ && armed_ns_ != kNever) return;  // it fires early, finds nothing, and is armed again
  tcp_.timers_.Stop(timer_);
  armed_ns_ = first_ns;
  if (first_ns != kNever) tcp_.timers_.Start(timer_, first_ns);
}

void TcpConnection::Fire(Timer& timer) {
  TcpConnection& self = *static_cast<ConnectionTimer&>(timer).connection;
  uint64_t now_ns = self.tcp_.environment_.NowNs();
  self.armed_ns_ = kNever;
  auto take = [&](Deadline which) {
    if (self.deadlines_[which] > now_ns) return false;
    self.deadlines_[which] = kNever;
    return true;
  };
  if (take(kWait)) self.Close(self.state_ == TcpState::kSynReceived ? Status::kTimedOut : Status::kOk);
  if (take(kRetransmit)) self.RetransmitTimeout();
  if (take(kKeepAlive)) self.KeepAliveTimeout();
  if (take(kDelayedAck)) self.ack_now_ = true;
  self.Settle();
}

void TcpConnection::RetransmitTimeout() {
  uint64_t now_ns = tcp_.environment_.NowNs();
  bool is_opening = state_ == TcpState::kSynSent || state_ == TcpState::kSynReceived;
  if (now_ns - progress_ns_ >= (is_opening ? kConnectTimeoutNs : kUserTimeoutNs)) {
    if (!is_opening) SendReset();
    return Close(Status::kTimedOut);
  }
  ++tcp_.counters_.timeouts;
  timing_ = false;  // [rfc6298 3]
  timeout_timestamp_ = Timestamp();
  timeout_.BackOff();
  if (is_opening) {
    ++timeouts_;
    return SendSyn();
  }
  if (InFlight() == 0) {
    SendProbe();
  } else {
    // [rfc6298 5.4]; a closed window says nothing about the network [rfc9293 3.8.6.1].
    if (window_ > 0) congestion_.Collapse(InFlight(), timeouts_ > 0);
    scoreboard_.Clear();  // the receiver may have dropped what it reported [rfc2018 8]
    duplicates_ = 0;
    in_recovery_ = false;
    recovery_end_ = lost_end_ = next_;
    resent_end_ = unacknowledged_;
    resend_one_ = true;
  }
  ++timeouts_;
  SetDeadline(kRetransmit, now_ns + timeout_.ns());
}

// [rfc9293 3.8.4]
void TcpConnection::KeepAliveTimeout() {
  uint64_t now_ns = tcp_.environment_.NowNs();
  if (keep_alive_ns_ == 0 || !IsConnected()) return;
  if (now_ns - heard_ns_ < keep_alive_ns_) {
    keep_alive_probes_ = 0;
    return SetDeadline(kKeepAlive, heard_ns_ + keep_alive_ns_);
  }
  if (keep_alive_probes_++ == kKeepAliveProbes) {
    SendReset();
    return Close(Status::kTimedOut);
  }
  SendProbe();
  SetDeadline(kKeepAlive, now_ns + kKeepAliveIntervalNs);
}

}  // namespace toro::net
