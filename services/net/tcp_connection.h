// TcpConnection: one end of a stream [rfc9293].
//
// HOW TO READ IT. tcp_input.cc is the text of [rfc9293 3.10.7] in its order; tcp_output.cc decides what to send, and is
// the only place that sends; tcp_connection.cc has the application's calls and the timers. Everything that happens ends
// in Output().
//
// LOSS. One mechanism for all of [rfc6675], [rfc6582] and timeouts: what is not acknowledged and lies before
// `lost_end_` is presumed lost, and was sent again up to `resent_end_`. Fast recovery moves lost_end_ by what the
// receiver reports, a timeout moves it to the end of what was sent. Output sends lost bytes first, then new ones, while
// InNetwork() leaves room in the congestion window.
//
// INVARIANTS
//   I1. unacknowledged_ <= resent_end_, lost_end_ <= next_; buffer_.size() covers [unacknowledged_, end of the stream).
//   I2. The right edge of the window that we offered never moves left [rfc9293 3.8.6].
//   I3. Every state that waits for the peer has a timer that ends it, except an idle ESTABLISHED or CLOSE-WAIT one
//       without keep-alive, and FIN-WAIT-2 while an application holds it.
#ifndef SERVICES_NET_TCP_CONNECTION_H_
#define SERVICES_NET_TCP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/intrusive_list.h"
#include "core/base/result.h"
#include "core/sched/timer_wheel.h"
#include "services/net/congestion_window.h"
#include "services/net/ipv4_address.h"
#include "services/net/receive_queue.h"
#include "services/net/retransmission_timeout.h"
#include "services/net/sack_scoreboard.h"
#include "services/net/send_buffer.h"
#include "services/net/tcp_limits.h"
#include "services/net/tcp_segment.h"
#include "services/net/udp.h"

namespace toro::net {

class TcpLayer;
class TcpListener;

enum class TcpState : uint8_t {
  kClosed,
  kListen,  // a TcpListener; never of a connection
  kSynSent,
  kSynReceived,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait,
};

const char* TcpStateName(TcpState state);

class TcpConnection : public ListLink {
 public:
  // Called when something has changed that an application can see. In the context of the stack; must not wait, and must
  // not call the connection.
  using Handler = void (*)(void* context);

  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  // ---- for the application, on the CPU of the stack ----

  // Takes the first bytes of `bytes`, as many as there is room for, and returns how many; 0 also when nothing can be
  // sent any more (CanSend).
  size_t Write(std::span<const uint8_t> bytes);
  size_t Writable() const;

  // What has been received and not consumed: how much, and the first of it as it lies, valid until the next call.
  size_t Readable() const { return received_.bytes(); }
  std::span<const uint8_t> Front() { return received_.Front(); }
  void Consume(size_t bytes);
  // Copies and consumes.
  size_t Read(std::span<uint8_t> bytes);

  // No more will be written; what was written is still sent.
  void Finish();
  // The application lets go: as Finish, but what comes is answered with a reset. The connection frees itself.
  void Release();
  // Resets, and lets go.
  void Abort();

  TcpState state() const { return state_; }
  bool IsConnected() const { return state_ >= TcpState::kEstablished; }
  bool CanSend() const { return state_ == TcpState::kEstablished || state_ == TcpState::kCloseWait; }
  // The peer has said that nothing more comes, and everything was read; or the connection has failed.
  bool AtEnd() const { return received_.bytes() == 0 && (peer_finished_ || state_ == TcpState::kClosed); }
  // Why it has ended: kOk: it has not, or as it should; kReset, kRefused, kTimedOut, kUnreachable.
  Status error() const { return error_; }

  Endpoint local() const { return local_; }
  Endpoint remote() const { return remote_; }
  void SetHandler(Handler handler, void* context) {
    handler_ = handler;
    context_ = context;
  }
  // Small writes go at once, without waiting for the acknowledgment of others [rfc9293 3.7.4].
  void SetNoDelay(bool no_delay) { no_delay_ = no_delay; }
  // Probes a peer from which nothing came for so long; 0, as from the start: never [rfc9293 3.8.4].
  void SetKeepAlive(uint64_t after_ns);

  // For tests and statistics.
  struct View {
    Sequence unacknowledged, next, receive_next;
    uint32_t send_window, congestion_window, mss, in_flight;
    uint64_t timeout_ns;
  };
  View view() const;

 private:
  friend class TcpLayer;
  friend class TcpListener;

  // In the queue of a listener, or among those in TIME-WAIT.
  struct QueueLink : ListLink {
    TcpConnection* connection = nullptr;
  };
  enum Deadline : uint8_t { kRetransmit, kDelayedAck, kKeepAlive, kWait, kDeadlines };
  struct ConnectionTimer : Timer {
    TcpConnection* connection = nullptr;
  };

  TcpConnection(TcpLayer& tcp, const Endpoint& local, const Endpoint& remote);
  ~TcpConnection();

  // ---- tcp_connection.cc ----
  void Connect();
  void Accept(const TcpSegment& syn, TcpListener* listener);
  void AcceptCookie(const TcpSegment& ack, Sequence initial, uint32_t mss, TcpListener* listener);
  void ReceiveError(const IcmpError& error);
  void TakePeerOptions(const TcpSegment& syn);
  void SetMss(uint32_t mss);
  void EnterEstablished();
  void EnterTimeWait();
  void Close(Status why);
  void LeaveQueue();
  void Notify() { notify_ = true; }
  // What every call and event ends with. The connection may be gone afterwards.
  void Settle();
  void SetDeadline(Deadline which, uint64_t at_ns) { deadlines_[which] = at_ns; }
  void ArmTimer();
  static void Fire(Timer& timer);
  void RetransmitTimeout();
  void KeepAliveTimeout();

  // ---- tcp_input.cc ----
  void Receive(const TcpSegment& segment, PacketPtr packet);
  void ReceiveInSynSent(const TcpSegment& segment, PacketPtr packet);
  bool CheckTimestamp(const TcpSegment& segment);
  bool IsAcceptable(const TcpSegment& segment) const;
  void ReceiveReset(const TcpSegment& segment);
  bool ReceiveAck(const TcpSegment& segment);
  void AcknowledgeUpTo(const TcpSegment& segment);
  void TakeRoundTrip(const TcpSegment& segment);
  void RecoverFromLoss(const TcpSegment& segment, uint32_t acknowledged, bool sack_news);
  void UpdateSendWindow(const TcpSegment& segment);
  void ReceiveText(const TcpSegment& segment, PacketPtr packet);
  void ReceiveFin();
  void Challenge();

  // ---- tcp_output.cc ----
  void Output();
  bool SendLost();
  bool SendNew();
  void SendProbe();
  void SendSyn();
  void SendReset();
  void SendAck();
  // Sends [sequence, end) of the stream, the FIN included if it reaches beyond the data. False: no packet.
  bool SendData(Sequence sequence, Sequence end);
  bool Send(TcpSegment& segment, PacketPtr packet);
  void AddOptions(TcpSegment& segment, bool with_blocks) const;
  void UpdateOfferedWindow();
  uint32_t InNetwork() const;
  Sequence StreamEnd() const { return data_begin_ + static_cast<uint32_t>(buffer_.size()); }
  Sequence SendEnd() const { return StreamEnd() + fin_wanted_; }
  uint32_t InFlight() const { return next_ - unacknowledged_; }
  uint32_t Timestamp() const;

  TcpLayer& tcp_;
  TcpListener* listener_ = nullptr;  // that made it, until it is accepted
  Endpoint local_;
  Endpoint remote_;
  TcpState state_ = TcpState::kClosed;
  Status error_ = Status::kOk;
  bool held_ = true;  // an application or a listener has a pointer to it
  bool peer_finished_ = false;
  bool fin_wanted_ = false;  // ours stands at StreamEnd()
  bool no_delay_ = false;
  bool ack_now_ = false;
  bool notify_ = false;
  bool active_ = false;  // opened by us
  Handler handler_ = nullptr;
  void* context_ = nullptr;

  // Sending [rfc9293 3.3.1]: SND.UNA, SND.NXT, SND.WND, SND.WL1, SND.WL2, ISS.
  Sequence initial_ = 0;
  Sequence unacknowledged_ = 0;
  Sequence next_ = 0;
  Sequence data_begin_ = 0;  // where buffer_ begins
  uint32_t window_ = 0;
  uint32_t max_window_ = 0;
  Sequence window_sequence_ = 0;
  Sequence window_acknowledgment_ = 0;
  uint8_t window_shift_ = 0;    // of the peer's windows
  uint32_t mss_ = kDefaultMss;  // of a segment, data and the options of established connections
  SendBuffer buffer_;

  // Loss and congestion.
  CongestionWindow congestion_;
  RetransmissionTimeout timeout_;
  SackScoreboard scoreboard_;
  Sequence lost_end_ = 0;
  Sequence resent_end_ = 0;
  Sequence recovery_end_ = 0;  // fast recovery ends, and another may begin, when this is acknowledged
  bool in_recovery_ = false;
  bool resend_one_ = false;         // whatever the congestion window says
  uint32_t duplicates_ = 0;         // acknowledgments, of a peer without SACK
  unsigned timeouts_ = 0;           // since something was acknowledged
  uint32_t timeout_timestamp_ = 0;  // our clock at the last one
  uint64_t progress_ns_ = 0;        // when something was last acknowledged, or a closed window confirmed
  uint64_t sent_ns_ = 0;
  bool timing_ = false;  // a round trip without timestamps [rfc6298 3]
  Sequence timed_ = 0;
  uint64_t timed_ns_ = 0;

  // Receiving: RCV.NXT, and the right edge that we offered.
  Sequence receive_next_ = 0;
  Sequence offered_end_ = 0;
  uint8_t offered_shift_ = 0;
  bool has_early_fin_ = false;
  Sequence early_fin_ = 0;
  unsigned unacknowledged_segments_ = 0;
  ReceiveQueue received_;

  // Options that both sides have agreed on.
  bool sack_ = false;
  bool timestamps_ = false;
  uint32_t timestamp_offset_ = 0;
  uint32_t recent_timestamp_ = 0;  // TS.Recent
  uint64_t recent_timestamp_ns_ = 0;
  Sequence last_ack_sent_ = 0;

  // Time.
  uint64_t challenge_ns_ = 0;
  unsigned challenges_ = 0;
  uint64_t keep_alive_ns_ = 0;
  unsigned keep_alive_probes_ = 0;
  uint64_t heard_ns_ = 0;
  uint64_t deadlines_[kDeadlines] = {kNever, kNever, kNever, kNever};
  uint64_t armed_ns_ = kNever;
  ConnectionTimer timer_;
  QueueLink queue_link_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_TCP_CONNECTION_H_
