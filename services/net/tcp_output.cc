// What to send: the sending half of TcpConnection.
#include <algorithm>
#include <utility>

#include "services/net/tcp.h"
#include "services/net/tcp_connection.h"

namespace toro::net {

uint32_t TcpConnection::Timestamp() const {
  return static_cast<uint32_t>(tcp_.environment_.NowNs() / kNsPerMs) + timestamp_offset_;
}

// What we believe to be on its way [rfc6675 4: SetPipe]: what was sent last and not reported, and what was lost and
// sent again. Without SACK each duplicate acknowledgment stands for a segment that has left the network [rfc5681 3.2].
uint32_t TcpConnection::InNetwork() const {
  Sequence end = lost_end_;
  uint32_t bytes = (next_ - end - scoreboard_.Has(end, next_)) +
                   (resent_end_ - unacknowledged_ - scoreboard_.Has(unacknowledged_, resent_end_));
  if (sack_) return bytes;
  uint32_t left = std::min(duplicates_ * mss_, bytes);
  return bytes - left;
}

void TcpConnection::Output() {
  uint64_t now_ns = tcp_.environment_.NowNs();
  bool may_send = IsConnected() && state_ != TcpState::kTimeWait;
  if (may_send) {
    if (InFlight() == 0 && now_ns - sent_ns_ > timeout_.ns()) congestion_.RestartAfterIdle();
    while (SendLost() || SendNew()) continue;
  }
  if (ack_now_) SendAck();
  if (!may_send) return;
  // Nothing is on its way, and something waits for a window [rfc9293 3.8.6.1].
  bool is_waiting = InFlight() > 0 || IsBefore(next_, SendEnd());
  if (!is_waiting) {
    SetDeadline(kRetransmit, kNever);
    progress_ns_ = now_ns;
  } else if (deadlines_[kRetransmit] == kNever) {
    SetDeadline(kRetransmit, now_ns + timeout_.ns());
    progress_ns_ = now_ns;
  }
}

// Sends again the first bytes that are presumed lost and were not sent again. False: there are none, or no room.
bool TcpConnection::SendLost() {
  SequenceRange hole = scoreboard_.FirstHole(resent_end_, lost_end_);
  if (hole.empty()) return false;
  // What the receiver has taken back of its window is tried by single bytes only [rfc9293 3.8.6].
  uint32_t window_end = unacknowledged_ + std::max(window_, 1u);
  Sequence end = Earlier(hole.end, Earlier(hole.begin + mss_, window_end));
  if (!IsBefore(hole.begin, end)) return false;
  uint32_t in_network = InNetwork();
  if (!resend_one_ && in_network + (end - hole.begin) > congestion_.bytes()) return false;
  if (!SendData(hole.begin, end)) return false;
  resend_one_ = false;
  resent_end_ = end;
  timing_ = false;
  ++tcp_.counters_.resent;
  return true;
}

// Sends bytes for the first time, if window, congestion window and [rfc9293 3.8.6.2.1] allow it.
bool TcpConnection::SendNew() {
  Sequence send_end = SendEnd();
  int32_t waiting = Distance(next_, send_end);
  int32_t usable = Distance(next_, unacknowledged_ + window_);
  if (waiting <= 0 || usable <= 0) return false;
  auto length = static_cast<uint32_t>(std::min(waiting, usable));
  length = std::min(length, mss_);
  if (InNetwork() + length > congestion_.bytes() && InFlight() > 0) return false;
  bool is_full = length == mss_;
  bool is_last = length == static_cast<uint32_t>(waiting) && (no_delay_ || InFlight() == 0 || fin_wanted_);
  if (!is_full && !is_last && length < max_window_ / 2) return false;
  Sequence begin = next_;
  if (!SendData(begin, begin + length)) return false;
  if (InFlight() == 0) progress_ns_ = tcp_.environment_.NowNs();
  next_ = begin + length;
  if (!timing_ && !timestamps_) {
    timing_ = true;
    timed_ = next_;
    timed_ns_ = tcp_.environment_.NowNs();
  }
  if (deadlines_[kRetransmit] == kNever || InFlight() == length) {
    SetDeadline(kRetransmit, tcp_.environment_.NowNs() + timeout_.ns());
  }
  return true;
}

// One byte beyond the window, if there is one: its acknowledgment says how large the window is now [rfc9293 3.8.6.1].
// Else an old sequence number, which asks for an acknowledgment [rfc9293 3.8.4].
void TcpConnection::SendProbe() {
  if (InFlight() == 0 && IsBefore(next_, SendEnd())) {
    int32_t usable = Distance(next_, unacknowledged_ + window_);
    uint32_t length = std::min(static_cast<uint32_t>(std::max(usable, 1)), mss_);
    length = std::min(length, SendEnd() - next_);
    if (SendData(next_, next_ + length)) next_ += length;
    return;
  }
  PacketPtr packet = tcp_.ipv4_.Allocate();
  if (packet == nullptr) return;
  TcpSegment segment;
  segment.sequence = unacknowledged_ - 1;
  segment.flags = kAck;
  AddOptions(segment, false);
  (void)Send(segment, std::move(packet));
}

bool TcpConnection::SendData(Sequence sequence, Sequence end) {
  PacketPtr packet = tcp_.ipv4_.Allocate();
  if (packet == nullptr) {
    ++tcp_.counters_.no_packet;
    SetDeadline(kRetransmit, std::min(deadlines_[kRetransmit], tcp_.environment_.NowNs() + timeout_.ns()));
    return false;
  }
  TcpSegment segment;
  segment.sequence = sequence;
  segment.flags = kAck;
  AddOptions(segment, false);
  Sequence data_end = Earlier(end, StreamEnd());
  segment.payload_bytes = data_end - sequence;
  if (end != data_end) segment.flags |= kFin;
  if (segment.payload_bytes > 0) {
    buffer_.CopyOut(sequence - data_begin_, packet->Append(segment.payload_bytes), segment.payload_bytes);
    if (data_end == StreamEnd()) segment.flags |= kPsh;
  }
  sent_ns_ = tcp_.environment_.NowNs();
  return Send(segment, std::move(packet));
}

// Our SYN, or, when the peer's has come, the SYN with its acknowledgment.
void TcpConnection::SendSyn() {
  next_ = initial_ + 1;
  lost_end_ = resent_end_ = unacknowledged_;
  uint64_t now_ns = tcp_.environment_.NowNs();
  SetDeadline(kRetransmit, now_ns + timeout_.ns());
  if (state_ == TcpState::kSynReceived && !active_ && deadlines_[kWait] == kNever) {
    SetDeadline(kWait, now_ns + kSynReceivedTimeoutNs);
  }
  PacketPtr packet = tcp_.ipv4_.Allocate();
  if (packet == nullptr) {
    ++tcp_.counters_.no_packet;
    return;
  }
  TcpSegment segment;
  segment.sequence = initial_;
  segment.flags = kSyn;
  segment.options.mss = static_cast<uint16_t>(tcp_.OwnMss());
  bool is_answer = state_ == TcpState::kSynReceived;
  if (is_answer) segment.flags |= kAck;
  segment.options.sack_permitted = sack_;
  segment.options.has_window_shift = offered_shift_ != 0 || !is_answer;
  segment.options.window_shift = offered_shift_;
  segment.options.has_timestamp = timestamps_;
  if (timeouts_ == 0 && !timestamps_) {
    timing_ = true;
    timed_ = next_;
    timed_ns_ = now_ns;
  }
  (void)Send(segment, std::move(packet));
}

void TcpConnection::SendAck() {
  PacketPtr packet = tcp_.ipv4_.Allocate();
  if (packet == nullptr) {
    ++tcp_.counters_.no_packet;
    ack_now_ = false;
    SetDeadline(kDelayedAck, tcp_.environment_.NowNs() + kDelayedAckNs);
    return;
  }
  TcpSegment segment;
  segment.sequence = next_;
  segment.flags = kAck;
  AddOptions(segment, true);
  (void)Send(segment, std::move(packet));
}

void TcpConnection::SendReset() {
  PacketPtr packet = tcp_.ipv4_.Allocate();
  if (packet == nullptr) return;
  TcpSegment segment;
  segment.sequence = next_;
  segment.flags = kRst | kAck;
  ++tcp_.counters_.resets_sent;
  (void)Send(segment, std::move(packet));
}

void TcpConnection::AddOptions(TcpSegment& segment, bool with_blocks) const {
  segment.options.has_timestamp = timestamps_;
  if (!with_blocks || !sack_ || !received_.has_early()) return;
  size_t most = timestamps_ ? 3 : TcpOptions::kMaxSackBlocks;
  segment.options.sack_blocks = received_.Blocks({segment.options.sack, most});
}

// The window grows by a segment or half of the buffer at least, and never shrinks [rfc9293 3.8.6.2.2].
void TcpConnection::UpdateOfferedWindow() {
  size_t limit = tcp_.limits_.receive_buffer_bytes;
  size_t free = limit - std::min(limit, received_.bytes());
  size_t most = size_t{0xffff} << offered_shift_;
  Sequence end = receive_next_ + static_cast<uint32_t>(std::min(free, most));
  end -= (end - receive_next_) & ((1u << offered_shift_) - 1);
  auto step = static_cast<int32_t>(std::min<size_t>(mss_, limit / 2));
  if (Distance(offered_end_, end) >= step) offered_end_ = end;
}

// Everything that a segment of this connection has in common; what it says of the receiving side is then said.
bool TcpConnection::Send(TcpSegment& segment, PacketPtr packet) {
  segment.source_port = local_.port;
  segment.destination_port = remote_.port;
  UpdateOfferedWindow();
  uint32_t window = offered_end_ - receive_next_;
  // In a SYN the window is not scaled [rfc7323 2.2].
  segment.window = static_cast<uint16_t>(std::min(segment.Has(kSyn) ? window : window >> offered_shift_, 0xffffu));
  if (segment.Has(kAck)) {
    segment.acknowledgment = receive_next_;
    last_ack_sent_ = receive_next_;
    ack_now_ = false;
    unacknowledged_segments_ = 0;
    SetDeadline(kDelayedAck, kNever);
  }
  if (segment.options.has_timestamp) {
    segment.options.timestamp = Timestamp();
    segment.options.timestamp_echo = segment.Has(kAck) ? recent_timestamp_ : 0;
  }
  return tcp_.Send(segment, remote_.address, std::move(packet));
}

}  // namespace toro::net
