// Every state, every combination of flags, at five places of the sequence number and five of the acknowledgment, with
// and without data: what the host does, against a table written from [rfc9293 3.10.7] and [rfc5961], not from the code.
#include <gtest/gtest.h>

#include "services/net/testing/frames.h"

namespace toro::net {
namespace {

constexpr uint32_t kPeerIsn = 0xfffffff0;  // the numbers go around during the exchange
constexpr uint32_t kDataBytes = 5;

enum class Place { kOld, kNext, kInside, kLast, kBeyond };         // of the sequence number in the window
enum class Acks { kAncient, kOld, kNothing, kEverything, kMore };  // of the acknowledgment

enum class Reply { kNothing, kAck, kSynAck, kReset, kResetAck };

struct Outcome {
  TcpState state;
  Reply reply;
  bool operator==(const Outcome&) const = default;
};

// ---- the table ----

struct Case {
  TcpState state;
  uint8_t flags;
  Place place;
  Acks acks;
  bool data;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }
};

// 3.10.7.1. For LISTEN and CLOSED the places mean nothing.
Outcome InClosed(const Case& c) {
  if (c.Has(kRst)) return {TcpState::kClosed, Reply::kNothing};
  return {TcpState::kClosed, c.Has(kAck) ? Reply::kReset : Reply::kResetAck};
}

// 3.10.7.2
Outcome InListen(const Case& c) {
  if (c.Has(kRst)) return {TcpState::kListen, Reply::kNothing};
  if (c.Has(kAck)) return {TcpState::kListen, Reply::kReset};
  if (c.Has(kSyn)) return {TcpState::kSynReceived, Reply::kSynAck};
  return {TcpState::kListen, Reply::kNothing};
}

// 3.10.7.3
Outcome InSynSent(const Case& c) {
  if (c.Has(kAck) && c.acks != Acks::kEverything) {
    return {TcpState::kSynSent, c.Has(kRst) ? Reply::kNothing : Reply::kReset};
  }
  if (c.Has(kRst)) return {c.Has(kAck) ? TcpState::kClosed : TcpState::kSynSent, Reply::kNothing};
  if (!c.Has(kSyn)) return {TcpState::kSynSent, Reply::kNothing};
  if (!c.Has(kAck)) return {TcpState::kSynReceived, Reply::kSynAck};
  return {c.Has(kFin) ? TcpState::kCloseWait : TcpState::kEstablished, Reply::kAck};
}

// 3.10.7.4
Outcome InOthers(const Case& c) {
  bool has_length = c.data || c.Has(kSyn) || c.Has(kFin);
  // First: the sequence number. An old segment of a few bytes does not reach into the window.
  if (c.place == Place::kOld || c.place == Place::kBeyond) {
    return {c.state, c.Has(kRst) ? Reply::kNothing : Reply::kAck};
  }
  // Second: RST [rfc5961 3.2].
  if (c.Has(kRst)) {
    if (c.place != Place::kNext) return {c.state, Reply::kAck};
    return {c.state == TcpState::kSynReceived ? TcpState::kListen : TcpState::kClosed, Reply::kNothing};
  }
  // Fourth: SYN [rfc5961 4.2].
  if (c.Has(kSyn)) {
    if (c.state == TcpState::kSynReceived) return {TcpState::kListen, Reply::kNothing};
    return {c.state, Reply::kAck};
  }
  // Fifth: ACK.
  if (!c.Has(kAck)) return {c.state, Reply::kNothing};
  TcpState state = c.state;
  if (state == TcpState::kSynReceived) {
    if (c.acks != Acks::kEverything) return {state, Reply::kReset};
    state = TcpState::kEstablished;
  } else {
    if (c.acks == Acks::kMore || c.acks == Acks::kAncient) return {state, Reply::kAck};  // [rfc5961 5.2]
    // Where nothing is on its way, an acknowledgment of nothing is one of everything.
    if (c.acks == Acks::kEverything) {
      if (state == TcpState::kFinWait1) state = TcpState::kFinWait2;
      if (state == TcpState::kClosing) return {TcpState::kTimeWait, Reply::kNothing};
      if (state == TcpState::kLastAck) return {TcpState::kClosed, Reply::kNothing};
    }
  }
  // Seventh and eighth: text and FIN.
  bool takes_text = state == TcpState::kEstablished || state == TcpState::kFinWait1 || state == TcpState::kFinWait2;
  if (!takes_text) return {state, c.Has(kFin) ? Reply::kAck : Reply::kNothing};
  if (c.Has(kFin) && c.place == Place::kNext) {
    if (state == TcpState::kEstablished)
      state = TcpState::kCloseWait;
    else if (state == TcpState::kFinWait1)
      state = TcpState::kClosing;
    else
      state = TcpState::kTimeWait;
  }
  return {state, has_length ? Reply::kAck : Reply::kNothing};
}

Outcome Expected(const Case& c) {
  switch (c.state) {
    case TcpState::kClosed: return InClosed(c);
    case TcpState::kListen: return InListen(c);
    case TcpState::kSynSent: return InSynSent(c);
    default: return InOthers(c);
  }
}

// ---- the host, brought into a state by a well-behaved peer ----

class Stage {
 public:
  explicit Stage(TcpState state) : host_(environment_, Options()) {
    Introduce(host_);
    Reach(state);
    while (Next().flags != 0) continue;
  }
  ~Stage() {
    if (connection_ != nullptr) connection_->Abort();
  }

  Outcome Play(const Case& c) {
    TcpFields fields;
    fields.from = peer_port_;
    fields.to = host_port_;
    fields.flags = c.flags;
    fields.sequence = SequenceAt(c.place);
    fields.acknowledgment = AcknowledgmentAt(c.acks);
    if (c.data) fields.payload = Bytes(kDataBytes);
    host_.Receive(TcpFrame(fields));
    environment_.now_ns += kDelayedAckNs + kNsPerMs;
    (void)host_.stack().Poll();
    TcpFields answer = Next();
    Outcome outcome{State(), Kind(answer)};
    EXPECT_TRUE(NumbersAreRight(fields, answer));
    EXPECT_EQ(Next().flags, 0) << "a second answer";
    return outcome;
  }

 private:
  static TestHost::Options Options() {
    TestHost::Options options;
    options.packets = 32;
    options.limits.receive_buffer_bytes = 8192;
    return options;
  }

  // flags 0: nothing was sent.
  TcpFields Next() {
    TcpFields fields;
    for (Frame frame; !(frame = host_.Sent()).empty();) {
      if (ParseTcp(frame, fields)) return fields;
    }
    return TcpFields{};
  }

  void Send(uint8_t flags) {
    TcpFields fields;
    fields.from = peer_port_;
    fields.to = host_port_;
    fields.flags = flags;
    fields.sequence = peer_next_;
    fields.acknowledgment = host_una_ = host_next_;
    SendAs(fields);
  }
  void SendAs(const TcpFields& fields) {
    host_.Receive(TcpFrame(fields));
    if ((fields.flags & (kSyn | kFin)) != 0) ++peer_next_;
    TakeAll();
  }
  void TakeAll() {
    for (TcpFields fields; (fields = Next()).flags != 0;) {
      if ((fields.flags & kSyn) != 0) host_una_ = fields.sequence;
      host_next_ = fields.sequence + static_cast<uint32_t>(fields.payload.size()) +
                   ((fields.flags & (kSyn | kFin)) != 0 ? 1 : 0);
      window_end_ = fields.acknowledgment + fields.window;
      peer_port_ = fields.to;
      host_port_ = fields.from;
    }
  }

  void Reach(TcpState state) {
    TcpLayer& tcp = host_.stack().tcp();
    if (state == TcpState::kClosed) return;
    if (state == TcpState::kSynSent) {
      Result<TcpConnection*> result = tcp.Connect({kPeer, 5000});
      ASSERT_TRUE(result.ok());
      connection_ = result.value();
      TakeAll();
      return;
    }
    ASSERT_EQ(listener_.Listen(tcp, 80, 4), Status::kOk);
    if (state == TcpState::kListen) return;
    Send(kSyn);
    if (state == TcpState::kSynReceived) return;
    Send(kAck);
    connection_ = listener_.Accept();
    ASSERT_NE(connection_, nullptr);
    bool peer_first = state == TcpState::kCloseWait || state == TcpState::kLastAck;
    if (peer_first) Send(kFin | kAck);
    if (state == TcpState::kEstablished || state == TcpState::kCloseWait) connection_->Write(Bytes(10));
    if (state != TcpState::kEstablished && state != TcpState::kCloseWait) connection_->Finish();
    TakeAll();
    if (state == TcpState::kFinWait2 || state == TcpState::kTimeWait) Send(kAck);
    if (state == TcpState::kTimeWait) Send(kFin | kAck);
    if (state == TcpState::kClosing) {
      TcpFields fin;
      fin.flags = kFin | kAck;
      fin.sequence = peer_next_;
      fin.acknowledgment = host_una_;
      SendAs(fin);
    }
    ASSERT_EQ(connection_->state(), state);
  }

  uint32_t SequenceAt(Place place) const {
    switch (place) {
      case Place::kOld: return peer_next_ - 20;
      case Place::kNext: return peer_next_;
      case Place::kInside: return peer_next_ + 100;
      case Place::kLast: return window_end_ - 1;
      default: return window_end_;
    }
  }
  uint32_t AcknowledgmentAt(Acks acks) const {
    switch (acks) {
      case Acks::kAncient: return host_una_ - 65536;
      case Acks::kOld: return host_una_ - 1;
      case Acks::kNothing: return host_una_;
      case Acks::kEverything: return host_next_;
      default: return host_next_ + 1;
    }
  }

  TcpState State() {
    if (connection_ != nullptr) return connection_->state();
    TcpState state = listener_.port() != 0 ? TcpState::kListen : TcpState::kClosed;
    host_.stack().tcp().ForEach([&](TcpConnection& connection) { state = connection.state(); });
    return state;
  }

  static Reply Kind(const TcpFields& answer) {
    switch (answer.flags & (kSyn | kRst | kAck)) {
      case 0: return Reply::kNothing;
      case kAck: return Reply::kAck;
      case kSyn | kAck: return Reply::kSynAck;
      case kRst: return Reply::kReset;
      default: return Reply::kResetAck;
    }
  }

  bool NumbersAreRight(const TcpFields& sent, const TcpFields& answer) const {
    uint32_t length =
        static_cast<uint32_t>(sent.payload.size()) + ((sent.flags & kSyn) != 0) + ((sent.flags & kFin) != 0);
    switch (Kind(answer)) {
      case Reply::kReset: return answer.sequence == sent.acknowledgment;
      case Reply::kResetAck: return answer.sequence == 0 && answer.acknowledgment == sent.sequence + length;
      case Reply::kSynAck: return answer.acknowledgment == sent.sequence + 1;
      case Reply::kAck: return answer.sequence == host_next_;
      default: return true;
    }
  }

  TestEnvironment environment_{1};
  TestHost host_;
  TcpListener listener_;
  TcpConnection* connection_ = nullptr;
  uint16_t peer_port_ = 5000;
  uint16_t host_port_ = 80;
  uint32_t peer_next_ = kPeerIsn;
  uint32_t host_una_ = 1000000;
  uint32_t host_next_ = 1000000;
  uint32_t window_end_ = kPeerIsn + 8192;
};

class TcpMatrixTest : public ::testing::TestWithParam<TcpState> {};

TEST_P(TcpMatrixTest, EverySegmentHasTheOutcomeThatTheTableSays) {
  size_t cases = 0;
  for (unsigned flags = 0; flags < 64; ++flags) {
    for (Place place : {Place::kOld, Place::kNext, Place::kInside, Place::kLast, Place::kBeyond}) {
      for (Acks acks : {Acks::kAncient, Acks::kOld, Acks::kNothing, Acks::kEverything, Acks::kMore}) {
        for (bool data : {false, true}) {
          Case c{GetParam(), static_cast<uint8_t>(flags), place, acks, data};
          Stage stage(c.state);
          Outcome outcome = stage.Play(c);
          Outcome expected = Expected(c);
          ++cases;
          ASSERT_EQ(outcome, expected) << TcpStateName(c.state) << " flags " << flags << " place "
                                       << static_cast<int>(place) << " acks " << static_cast<int>(acks) << " data "
                                       << data << ": is in " << TcpStateName(outcome.state) << " and answers "
                                       << static_cast<int>(outcome.reply) << ", not " << TcpStateName(expected.state)
                                       << " and " << static_cast<int>(expected.reply);
        }
      }
    }
  }
  EXPECT_EQ(cases, 64u * 5 * 5 * 2);
}

INSTANTIATE_TEST_SUITE_P(States, TcpMatrixTest,
                         ::testing::Values(TcpState::kClosed, TcpState::kListen, TcpState::kSynSent,
                                           TcpState::kSynReceived, TcpState::kEstablished, TcpState::kFinWait1,
                                           TcpState::kFinWait2, TcpState::kCloseWait, TcpState::kClosing,
                                           TcpState::kLastAck, TcpState::kTimeWait));

}  // namespace
}  // namespace toro::net
