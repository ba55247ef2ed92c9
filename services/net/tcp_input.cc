// What comes: the receiving half of TcpConnection, in the order of [rfc9293 3.10.7.3] and [rfc9293 3.10.7.4].
#include <algorithm>
#include <utility>

#include "services/net/tcp.h"
#include "services/net/tcp_connection.h"

namespace toro::net {

void TcpConnection::Receive(const TcpSegment& segment, PacketPtr packet) {
  if (state_ == TcpState::kSynSent) {
    ReceiveInSynSent(segment, std::move(packet));
    return Settle();
  }
  // First: the timestamp [rfc7323 5.3] and the sequence number.
  if (!CheckTimestamp(segment)) return Settle();
  bool is_acceptable = IsAcceptable(segment);
  if (!is_acceptable) {
    // A closed window takes no data, but what the segment acknowledges counts [rfc9293 3.10.7.4].
    bool is_probe = offered_end_ == receive_next_ && segment.sequence == receive_next_ && !segment.Has(kSyn);
    if (segment.Has(kRst)) return Settle();
    bool is_same_syn = segment.Has(kSyn) && !segment.Has(kAck) && segment.sequence == receive_next_ - 1;
    if (state_ == TcpState::kSynReceived && is_same_syn) {
      SendSyn();  // our answer was lost, and a bare ACK would not help
      return Settle();
    }
    if (segment.Length() > 0 && !segment.Has(kSyn)) {
      ack_now_ = true;
    } else {
      Challenge();
    }
    if (!is_probe) {
      // Our acknowledgment of the FIN was lost: its sender waits as long as we do [rfc9293 3.10.7.4, eighth].
      if (state_ == TcpState::kTimeWait && segment.Has(kFin)) EnterTimeWait();
      return Settle();
    }
  }
  if (timestamps_ && segment.options.has_timestamp && IsAtOrBefore(segment.sequence, last_ack_sent_)) {
    recent_timestamp_ = segment.options.timestamp;  // [rfc7323 4.3]
    recent_timestamp_ns_ = tcp_.environment_.NowNs();
  }
  heard_ns_ = tcp_.environment_.NowNs();
  if (keep_alive_probes_ > 0) {
    keep_alive_probes_ = 0;
    SetDeadline(kKeepAlive, heard_ns_ + keep_alive_ns_);
  }
  // Second and fourth: RST and SYN.
  if (segment.Has(kRst)) {
    ReceiveReset(segment);
    return Settle();
  }
  if (segment.Has(kSyn)) {
    if (state_ == TcpState::kSynReceived && !active_) {
      Close(Status::kReset);
    } else {
      Challenge();  // [rfc5961 4.2]
    }
    return Settle();
  }
  // Fifth to eighth: ACK, text, FIN.
  if (!segment.Has(kAck)) return Settle();
  if (!ReceiveAck(segment)) return Settle();
  if (is_acceptable) ReceiveText(segment, std::move(packet));
  Settle();
}

// [rfc9293 3.10.7.3]
void TcpConnection::ReceiveInSynSent(const TcpSegment& segment, PacketPtr packet) {
  bool acknowledges = segment.Has(kAck);
  if (acknowledges && segment.acknowledgment != next_) {  // nothing but the SYN was sent
    if (!segment.Has(kRst)) tcp_.ReceiveForNobody(segment, local_, remote_);
    return;
  }
  if (segment.Has(kRst)) {
    if (acknowledges) Close(Status::kRefused);
    return;
  }
  if (!segment.Has(kSyn)) return;
  receive_next_ = offered_end_ = last_ack_sent_ = segment.sequence + 1;
  heard_ns_ = tcp_.environment_.NowNs();
  TakePeerOptions(segment);
  UpdateOfferedWindow();
  if (!acknowledges) {  // both have called at the same time [rfc9293 3.5, figure 7]
    state_ = TcpState::kSynReceived;
    ++tcp_.half_open_;
    return SendSyn();
  }
  AcknowledgeUpTo(segment);
  window_ = max_window_ = segment.window;  // in a SYN it is not scaled
  window_sequence_ = segment.sequence;
  window_acknowledgment_ = segment.acknowledgment;
  EnterEstablished();
  ack_now_ = true;
  TcpSegment rest = segment;
  rest.sequence += 1;
  rest.flags &= static_cast<uint8_t>(~kSyn);
  ReceiveText(rest, std::move(packet));
}

// False: the segment is an old one, from before the sequence numbers went around [rfc7323 5.3].
bool TcpConnection::CheckTimestamp(const TcpSegment& segment) {
  if (!timestamps_ || segment.Has(kRst) || segment.Has(kSyn)) return true;
  if (!segment.options.has_timestamp) return false;  // [rfc7323 3.2]
  uint64_t age_ns = tcp_.environment_.NowNs() - recent_timestamp_ns_;
  if (!IsBefore(segment.options.timestamp, recent_timestamp_) || age_ns > kPawsMaxAgeNs) return true;
  ++tcp_.counters_.paws_drops;
  Challenge();
  return false;
}

// [rfc9293 3.10.7.4, table 6]
bool TcpConnection::IsAcceptable(const TcpSegment& segment) const {
  uint32_t window = offered_end_ - receive_next_;
  uint32_t length = segment.Length();
  auto is_in_window = [&](Sequence at) { return at - receive_next_ < window; };
  if (length == 0) return window == 0 ? segment.sequence == receive_next_ : is_in_window(segment.sequence);
  return is_in_window(segment.sequence) || is_in_window(segment.End() - 1);
}

// [rfc5961 3.2]: only the very next sequence number resets; what lies elsewhere in the window may be a guess.
void TcpConnection::ReceiveReset(const TcpSegment& segment) {
  if (segment.sequence != receive_next_) return Challenge();
  switch (state_) {
    case TcpState::kSynReceived: return Close(active_ ? Status::kRefused : Status::kReset);
    case TcpState::kClosing:
    case TcpState::kLastAck:
    case TcpState::kTimeWait: return Close(Status::kOk);
    default: return Close(Status::kReset);
  }
}

// An acknowledgment that repeats where we are: it lets an honest peer find its place, and tells others nothing new.
void TcpConnection::Challenge() {
  uint64_t now_ns = tcp_.environment_.NowNs();
  if (now_ns - challenge_ns_ >= kChallengeIntervalNs) {
    challenge_ns_ = now_ns;
    challenges_ = 0;
  }
  if (challenges_ == kChallengesPerInterval) return;
  ++challenges_;
  ++tcp_.counters_.challenges;
  ack_now_ = true;
}

// Fifth [rfc9293 3.10.7.4]. False: the segment ends here.
bool TcpConnection::ReceiveAck(const TcpSegment& segment) {
  Sequence acknowledgment = segment.acknowledgment;
  if (state_ == TcpState::kSynReceived) {
    if (!IsBefore(unacknowledged_, acknowledgment) || IsBefore(next_, acknowledgment)) {
      tcp_.ReceiveForNobody(segment, local_, remote_);
      return false;
    }
    AcknowledgeUpTo(segment);
    window_ = max_window_ = uint32_t{segment.window} << window_shift_;
    window_sequence_ = segment.sequence;
    window_acknowledgment_ = acknowledgment;
    EnterEstablished();
    return true;
  }
  // What was never sent, or is older than any window: a guess, or from another life [rfc5961 5.2].
  if (IsBefore(next_, acknowledgment) || IsBefore(acknowledgment, unacknowledged_ - max_window_)) {
    Challenge();
    return false;
  }
  uint32_t acknowledged = IsBefore(unacknowledged_, acknowledgment) ? acknowledgment - unacknowledged_ : 0;
  bool sack_news = false;
  if (sack_) {
    for (size_t i = 0; i < segment.options.sack_blocks; ++i) {
      sack_news |= scoreboard_.Add(segment.options.sack[i], Later(unacknowledged_, acknowledgment), next_);
    }
  }
  uint32_t window = uint32_t{segment.window} << window_shift_;
  bool is_duplicate = acknowledged == 0 && acknowledgment == unacknowledged_ && segment.Length() == 0 &&
                      window == window_ && InFlight() > 0 && window > 0;
  if (acknowledged > 0) AcknowledgeUpTo(segment);
  UpdateSendWindow(segment);
  if (is_duplicate) ++duplicates_;
  if (acknowledged > 0 || is_duplicate || sack_news) RecoverFromLoss(segment, acknowledged, sack_news);
  bool fin_acknowledged = fin_wanted_ && unacknowledged_ == SendEnd();
  if (!fin_acknowledged) return true;
  switch (state_) {
    case TcpState::kFinWait1:
      state_ = TcpState::kFinWait2;
      if (!held_) SetDeadline(kWait, tcp_.environment_.NowNs() + kFinWait2Ns);
      Notify();
      return true;
    case TcpState::kClosing: EnterTimeWait(); return false;
    case TcpState::kLastAck: Close(Status::kOk); return false;
    default: return true;
  }
}

void TcpConnection::AcknowledgeUpTo(const TcpSegment& segment) {
  TakeRoundTrip(segment);
  unacknowledged_ = segment.acknowledgment;
  if (IsBefore(data_begin_, unacknowledged_)) {
    size_t bytes = std::min<size_t>(unacknowledged_ - data_begin_, buffer_.size());
    buffer_.RemoveFront(bytes);
    data_begin_ += static_cast<uint32_t>(bytes);
    if (bytes > 0) Notify();
  }
  scoreboard_.RemoveBefore(unacknowledged_);
  lost_end_ = Later(lost_end_, unacknowledged_);
  resent_end_ = Later(resent_end_, unacknowledged_);
  progress_ns_ = tcp_.environment_.NowNs();
  if (IsConnected()) {
    timeouts_ = 0;
    timeout_.EndBackOff();
  }
  SetDeadline(kRetransmit, InFlight() > 0 ? progress_ns_ + timeout_.ns() : kNever);  // [rfc6298 5.2, 5.3]
}

void TcpConnection::TakeRoundTrip(const TcpSegment& segment) {
  uint64_t now_ns = tcp_.environment_.NowNs();
  if (timestamps_) {
    uint32_t passed_ms = Timestamp() - segment.options.timestamp_echo;
    // After a timeout, an echo from before it may come from a peer whose first acknowledgment was lost: that it took so
    // long says nothing about the path [rfc6298 3]. An echo of what we never said is not believed either.
    bool is_ambiguous = timeouts_ > 0 && IsBefore(segment.options.timestamp_echo, timeout_timestamp_);
    if (segment.options.has_timestamp && !is_ambiguous && passed_ms < kUserTimeoutNs / kNsPerMs) {
      timeout_.AddSample(passed_ms * kNsPerMs);
    }
  } else if (timing_ && IsAtOrBefore(timed_, segment.acknowledgment)) {
    timing_ = false;
    timeout_.AddSample(now_ns - timed_ns_);
  }
}

// [rfc5681 3.2], [rfc6582 3.2], [rfc6675 5]
void TcpConnection::RecoverFromLoss(const TcpSegment& segment, uint32_t acknowledged, bool sack_news) {
  if (in_recovery_) {
    if (IsAtOrBefore(recovery_end_, unacknowledged_)) {
      in_recovery_ = false;
      duplicates_ = 0;
      if (!sack_) congestion_.LimitTo(std::max(InFlight(), mss_) + mss_);
    } else if (sack_) {
      lost_end_ = Later(lost_end_, scoreboard_.LostEnd(unacknowledged_, mss_));
    } else if (acknowledged > 0) {
      // A partial acknowledgment: the segment behind it is lost as well.
      resent_end_ = unacknowledged_;
      lost_end_ = Earlier(unacknowledged_ + mss_, next_);
      resend_one_ = true;
      duplicates_ -= std::min(duplicates_, acknowledged / mss_);
    }
    return;
  }
  if (acknowledged > 0) {
    duplicates_ = 0;
    congestion_.Grow(acknowledged);
  }
  Sequence reported = sack_ ? scoreboard_.LostEnd(unacknowledged_, mss_) : unacknowledged_;
  bool is_loss = IsBefore(unacknowledged_, reported) || duplicates_ >= SackScoreboard::kDuplicateThreshold;
  // What was sent before a timeout or the last recovery is no new loss [rfc6582 3.2, step 2].
  if (!is_loss || (!sack_news && sack_) || IsBefore(unacknowledged_, recovery_end_)) return;
  ++tcp_.counters_.fast_recoveries;
  in_recovery_ = true;
  recovery_end_ = next_;
  congestion_.Halve(InFlight());
  resent_end_ = unacknowledged_;
  lost_end_ = Later(reported, Earlier(unacknowledged_ + mss_, next_));
  resend_one_ = true;
}

// [rfc9293 3.10.7.4, fifth]: only a segment that is not older than the last one that said so changes the window.
void TcpConnection::UpdateSendWindow(const TcpSegment& segment) {
  bool is_newer =
      IsBefore(window_sequence_, segment.sequence) ||
      (window_sequence_ == segment.sequence && IsAtOrBefore(window_acknowledgment_, segment.acknowledgment));
  if (!is_newer || IsBefore(segment.acknowledgment, unacknowledged_)) return;
  uint32_t window = uint32_t{segment.window} << window_shift_;
  if (window == 0) progress_ns_ = tcp_.environment_.NowNs();  // closed, but alive [rfc9293 3.8.6.1]
  if (window_ == 0 && window > 0) {
    timeout_.EndBackOff();
    timeouts_ = 0;
    if (InFlight() > 0) {  // what probed the closed window was dropped there
      lost_end_ = next_;
      resent_end_ = unacknowledged_;
      resend_one_ = true;
    } else {
      SetDeadline(kRetransmit, kNever);
    }
  }
  window_ = window;
  max_window_ = std::max(max_window_, window);
  window_sequence_ = segment.sequence;
  window_acknowledgment_ = segment.acknowledgment;
}

// Seventh and eighth [rfc9293 3.10.7.4]: the part of the segment that lies in the window.
void TcpConnection::ReceiveText(const TcpSegment& segment, PacketPtr packet) {
  bool takes_text = state_ == TcpState::kEstablished || state_ == TcpState::kFinWait1 || state_ == TcpState::kFinWait2;
  if (!takes_text) {
    if (segment.Has(kFin)) Challenge();  // once more, in place of the one that we know
    if (segment.Has(kFin) && state_ == TcpState::kTimeWait) EnterTimeWait();
    return;
  }
  if (segment.Length() == 0) return;
  if (segment.payload_bytes > 0 && !held_) {  // nobody is left to read it [rfc1122 4.2.2.13]
    SendReset();
    return Close(Status::kReset);
  }
  Sequence begin = segment.sequence;
  bool has_fin = segment.Has(kFin);
  if (IsBefore(begin, receive_next_)) {
    auto known = std::min<size_t>(receive_next_ - begin, packet->size());
    packet->RemoveFront(known);
    begin += static_cast<uint32_t>(known);
    ack_now_ = true;  // the sender has missed something
  }
  auto room = static_cast<uint32_t>(std::max(Distance(begin, offered_end_), 0));
  if (packet->size() > room) {
    packet->TrimTo(room);
    has_fin = false;
  }
  Sequence end = begin + static_cast<uint32_t>(packet->size());
  if (has_fin && (!has_early_fin_ || early_fin_ == end)) {
    has_early_fin_ = true;
    early_fin_ = end;
  } else if (has_early_fin_ && IsBefore(early_fin_, end)) {
    return;  // data behind the end of the stream
  }
  bool had_early = received_.has_early();
  size_t bytes = packet->size();
  // When packets are short the gaps are filled first: what came early comes again [rfc2018 8].
  PacketPool& pool = tcp_.ipv4_.pool();
  Sequence before = receive_next_;
  if (bytes > 0) {
    receive_next_ = received_.Add(receive_next_, begin, std::move(packet), pool.free_count() > pool.total() / 4);
  }
  if (receive_next_ != before) {
    Notify();
    // At least every second segment [rfc9293 3.8.6.3]; what fills a gap at once [rfc5681 4.2].
    if (had_early || ++unacknowledged_segments_ >= 2) ack_now_ = true;
    if (!ack_now_) SetDeadline(kDelayedAck, std::min(deadlines_[kDelayedAck], heard_ns_ + kDelayedAckNs));
  } else {
    ack_now_ = true;  // there is a gap
  }
  if (has_early_fin_ && early_fin_ == receive_next_) ReceiveFin();
}

void TcpConnection::ReceiveFin() {
  peer_finished_ = true;
  receive_next_ += 1;
  offered_end_ = Later(offered_end_, receive_next_);
  ack_now_ = true;
  Notify();
  switch (state_) {
    case TcpState::kEstablished: state_ = TcpState::kCloseWait; return;
    case TcpState::kFinWait1: state_ = TcpState::kClosing; return;  // acknowledged, it would be FIN-WAIT-2 by now
    case TcpState::kFinWait2: EnterTimeWait(); return;
    default: return;
  }
}

}  // namespace toro::net
