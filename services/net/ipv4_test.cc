// IPv4, ICMP and UDP, by frames.
#include "services/net/ipv4.h"

#include <gtest/gtest.h>

#include "services/net/byte_order.h"
#include "services/net/testing/frames.h"

namespace toro::net {
namespace {

constexpr size_t kHeaders = kEthernetHeaderBytes + kIpv4HeaderBytes;

class Ipv4Test : public ::testing::Test {
 protected:
  Ipv4Test() {
    Introduce(host_);
    EXPECT_EQ(port_.Bind(host_.stack().udp(), 7), Status::kOk);
  }
  void Receive(const Ipv4Fields& fields, const Frame& payload) { host_.Receive(Ipv4Frame(fields, payload)); }
  // The payload of the UDP datagram that arrived; nothing: an empty one with port 0.
  Frame Arrived() {
    Datagram datagram;
    if (!port_.Receive(datagram)) return {};
    return Frame(datagram.payload->data(), datagram.payload->data() + datagram.payload->size());
  }
  const Ipv4Layer::Counters& ipv4() { return host_.stack().ipv4().counters(); }
  const IcmpLayer::Counters& icmp() { return host_.stack().icmp().counters(); }

  TestEnvironment environment_{1};
  TestHost host_{environment_, {}};
  UdpPort port_;
};

TEST_F(Ipv4Test, DatagramReachesItsPortWithoutPadding) {  // I2
  Frame frame = Ipv4Frame({}, UdpDatagram(9, 7, {1, 2, 3}));
  frame.resize(60, 0xee);
  host_.Receive(frame);
  Datagram datagram;
  ASSERT_TRUE(port_.Receive(datagram));
  EXPECT_EQ(datagram.from, (Endpoint{kPeer, 9}));
  EXPECT_EQ(datagram.payload->size(), 3u);
  EXPECT_EQ(datagram.payload->data()[2], 3);
}

TEST_F(Ipv4Test, HeaderThatLiesIsDropped) {  // I1, [rfc1122 3.2.1]
  Frame payload = UdpDatagram(9, 7, Bytes(20));
  for (int total : {0, 1, 19, 49, 65535}) {
    Ipv4Fields fields;
    fields.total_bytes = total;
    Receive(fields, payload);
  }
  for (int words : {0, 4, 15}) {
    Ipv4Fields fields;
    fields.header_words = words;
    Receive(fields, payload);
  }
  Ipv4Fields version6;
  version6.version = 6;
  Receive(version6, payload);
  Ipv4Fields damaged;
  damaged.bad_checksum = true;
  Receive(damaged, payload);
  for (size_t size = 0; size < kIpv4HeaderBytes; ++size) {
    host_.Receive(EthernetFrame(kHostMac, kPeerMac, kEtherTypeIpv4, Bytes(size)));
  }
  EXPECT_EQ(ipv4().bad_header + host_.stack().udp().counters().malformed, 5u + 3u + 2u + 20u);
  EXPECT_TRUE(Arrived().empty());
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(Ipv4Test, SourceThatCannotBeIsDropped) {  // I6, [rfc1122 3.2.1.3]
  for (Ipv4Address source : {Ipv4Address{}, kHost, Ipv4Address::Of(10, 0, 0, 255), Ipv4Address::Of(224, 0, 0, 1),
                             Ipv4Address::Of(127, 0, 0, 1), Ipv4Address::Of(255, 255, 255, 255)}) {
    Ipv4Fields fields;
    fields.source = source;
    Receive(fields, UdpDatagram(9, 7, Bytes(4), source));
  }
  EXPECT_EQ(ipv4().bad_address, 6u);
  EXPECT_TRUE(Arrived().empty());
}

TEST_F(Ipv4Test, UnicastInABroadcastFrameIsDropped) {  // [rfc1122 3.3.6]
  Ipv4Fields fields;
  fields.to_mac = kBroadcastMac;
  Receive(fields, UdpDatagram(9, 7, Bytes(4)));
  EXPECT_EQ(ipv4().bad_address, 1u);
}

TEST_F(Ipv4Test, BroadcastReachesUdpAndOthersDatagramsDoNot) {
  Ipv4Fields fields;
  fields.to_mac = kBroadcastMac;
  fields.destination = Ipv4Address::Of(10, 0, 0, 255);
  Receive(fields, UdpDatagram(9, 7, {5}, kPeer, fields.destination));
  EXPECT_EQ(Arrived(), Frame{5});
  fields.to_mac = kHostMac;
  fields.destination = Ipv4Address::Of(10, 0, 0, 77);
  Receive(fields, UdpDatagram(9, 7, {5}, kPeer, fields.destination));
  EXPECT_EQ(ipv4().not_for_us, 1u);
}

TEST_F(Ipv4Test, OptionsAreCheckedAndSourceRoutesRefused) {  // I3, [rfc7126 4.3]
  const Frame good[] = {
      {1, 1, 1, 0}, {7, 7, 4, 0, 0, 0, 0, 1}, {68, 8, 5, 0, 0, 0, 0, 0}, {0, 99, 99, 99}, {1, 1, 150, 2}};
  for (const Frame& options : good) {
    Ipv4Fields fields;
    fields.options = options;
    Receive(fields, UdpDatagram(9, 7, {5}));
    EXPECT_EQ(Arrived(), Frame{5});
  }
  const Frame bad[] = {{7, 0, 0, 0},  {7, 1, 0, 0}, {7, 5, 0, 0}, {1, 1, 1, 7}, {131, 7, 4, 1, 2, 3, 4, 0},
                       {137, 3, 4, 0}};
  for (const Frame& options : bad) {
    Ipv4Fields fields;
    fields.options = options;
    Receive(fields, UdpDatagram(9, 7, {5}));
    EXPECT_TRUE(Arrived().empty());
  }
  EXPECT_EQ(ipv4().bad_options, 6u);
}

TEST_F(Ipv4Test, PiecesInAnyOrderBecomeOneDatagram) {  // [rfc791 3.2]
  Frame payload = UdpDatagram(9, 7, Bytes(1800));
  for (int order = 0; order < 6; ++order) {
    size_t at[3] = {0, 800, 1600};
    for (int i = 0; i < order; ++i) std::next_permutation(at, at + 3);
    for (size_t offset : at) {
      Ipv4Fields fields;
      fields.identification = static_cast<uint16_t>(order);
      fields.offset = offset;
      fields.more_fragments = offset < 1600;
      size_t end = std::min<size_t>(offset + 800, payload.size());
      Frame piece(payload.begin() + offset, payload.begin() + end);
      Receive(fields, piece);
      if (offset != at[2]) Receive(fields, piece);  // twice is as good as once
    }
    EXPECT_EQ(Arrived(), Bytes(1800));
  }
  EXPECT_EQ(host_.stack().ipv4().reassembly().under_way(), 0u);
}

TEST_F(Ipv4Test, HostilePiecesEndTheirDatagram) {  // I4, [rfc5722 3]
  auto piece = [&](uint16_t id, size_t offset, size_t size, bool more) {
    Ipv4Fields fields;
    fields.identification = id;
    fields.offset = offset;
    fields.more_fragments = more;
    Receive(fields, Bytes(size));
  };
  const Reassembly& reassembly = host_.stack().ipv4().reassembly();
  piece(1, 0, 64, true);  // teardrop: overlaps in part
  piece(1, 32, 64, true);
  EXPECT_EQ(reassembly.counters().dropped, 1u);
  piece(2, 65528, 64, false);  // ping of death
  piece(3, 0, 0, true);        // nothing, and more to follow
  piece(4, 0, 9, true);        // no multiple of eight
  EXPECT_EQ(reassembly.counters().dropped, 4u);
  piece(5, 64, 64, false);  // two ends
  piece(5, 8, 8, false);
  EXPECT_EQ(reassembly.counters().dropped, 5u);
  EXPECT_EQ(reassembly.under_way(), 0u);
  for (int i = 0; i < 1000; ++i) piece(static_cast<uint16_t>(100 + i), 0, 8, true);  // halves for ever
  EXPECT_EQ(reassembly.under_way(), Reassembly::kDatagrams);
  environment_.now_ns += Reassembly::kTimeoutNs + 1;
  piece(50, 0, 8, true);
  EXPECT_EQ(reassembly.under_way(), 1u);
  EXPECT_EQ(reassembly.counters().completed, 0u);
  EXPECT_EQ(host_.pool().free_count(), host_.pool().total() - 1);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(Ipv4Test, EchoIsAnsweredWithWhatItBrought) {  // [rfc1122 3.2.2.6]
  for (size_t size : {0, 1, 56, 57, 1472}) {
    Ipv4Fields fields;
    fields.protocol = kProtocolIcmp;
    Receive(fields, IcmpMessage(8, 0, 0x12345678, Bytes(size)));
    EXPECT_EQ(Behind(host_.Sent(), kHeaders), IcmpMessage(0, 0, 0x12345678, Bytes(size)));
  }
}

TEST_F(Ipv4Test, DamagedEchoAndEchoToAllAreNotAnswered) {  // C1
  Ipv4Fields fields;
  fields.protocol = kProtocolIcmp;
  Frame echo = IcmpMessage(8, 0, 1, Bytes(56));
  for (size_t size = 0; size < 8; ++size) Receive(fields, Frame(echo.begin(), echo.begin() + size));
  echo.back() ^= 1;
  Receive(fields, echo);
  EXPECT_EQ(icmp().malformed, 9u);
  fields.destination = Ipv4Address::Of(10, 0, 0, 255);
  fields.to_mac = kBroadcastMac;
  Receive(fields, IcmpMessage(8, 0, 1, Bytes(56)));
  EXPECT_EQ(icmp().ignored, 1u);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(Ipv4Test, FloodOfEchoesIsAnsweredWithinTheLimit) {  // C1
  Ipv4Fields fields;
  fields.protocol = kProtocolIcmp;
  for (int i = 0; i < 5000; ++i) Receive(fields, IcmpMessage(8, 0, 1, Bytes(8)));
  EXPECT_EQ(icmp().echoes_answered, IcmpLayer::kAnswersPerSecond);
  environment_.now_ns += kNsPerSecond / 10;
  for (int i = 0; i < 5000; ++i) Receive(fields, IcmpMessage(8, 0, 1, Bytes(8)));
  EXPECT_EQ(icmp().echoes_answered, IcmpLayer::kAnswersPerSecond * 11 / 10);
}

TEST_F(Ipv4Test, UnknownProtocolAndClosedPortAreToldSo) {  // I5, [rfc1122 3.2.2.1]
  Frame datagram = UdpDatagram(9, 8, Bytes(20));
  for (uint8_t protocol : {4, 41, 17}) {
    Ipv4Fields fields;
    fields.protocol = protocol;
    Frame frame = Ipv4Frame(fields, datagram);
    host_.Receive(frame);
    Frame quoted(frame.begin() + kEthernetHeaderBytes, frame.begin() + kHeaders + 8);
    EXPECT_EQ(Behind(host_.Sent(), kHeaders), IcmpMessage(3, protocol == 17 ? 3 : 2, 0, quoted));
  }
}

TEST_F(Ipv4Test, OtherMessagesChangeNothing) {  // C2: redirect, mask, timestamp
  for (uint8_t type : {5, 13, 17, 18, 4, 255}) {
    Ipv4Fields fields;
    fields.protocol = kProtocolIcmp;
    Receive(fields, IcmpMessage(type, 0, 0x0a000002, Bytes(28)));
  }
  EXPECT_EQ(icmp().ignored, 6u);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(Ipv4Test, ErrorReachesThePortThatCausedIt) {
  EXPECT_EQ(port_.Send({kPeer, 9}, Bytes(4)), Status::kOk);
  Frame sent = host_.Sent();
  Ipv4Fields fields;
  fields.protocol = kProtocolIcmp;
  Frame quoted(sent.begin() + kEthernetHeaderBytes, sent.begin() + kHeaders + 8);
  Frame foreign = quoted;
  foreign[15] ^= 1;  // not from us
  Receive(fields, IcmpMessage(3, 3, 0, foreign));
  EXPECT_FALSE(port_.TakeError());
  Receive(fields, IcmpMessage(3, 3, 0, Frame(quoted.begin(), quoted.end() - 1)));
  EXPECT_FALSE(port_.TakeError());
  Receive(fields, IcmpMessage(3, 3, 0, quoted));
  EXPECT_TRUE(port_.TakeError());
}

TEST_F(Ipv4Test, UdpThatLiesIsDropped) {  // [rfc1122 4.1.3.4]
  Frame right = UdpDatagram(9, 7, Bytes(10));
  for (uint16_t length : {0, 7, 19, 65535}) {
    Frame wrong = right;
    Store16(wrong.data() + 4, length);
    Receive({}, wrong);
  }
  Frame damaged = right;
  damaged.back() ^= 1;
  Receive({}, damaged);
  Receive({}, Frame(right.begin(), right.begin() + 7));
  EXPECT_EQ(host_.stack().udp().counters().malformed, 6u);
  Frame unchecked = right;
  Store16(unchecked.data() + 6, 0);
  Receive({}, unchecked);
  EXPECT_EQ(Arrived(), Bytes(10));
}

TEST_F(Ipv4Test, UdpQueueIsBounded) {
  for (size_t i = 0; i < UdpPort::kQueued + 5; ++i) Receive({}, UdpDatagram(9, 7, {1}));
  EXPECT_EQ(port_.dropped(), 5u);
  size_t count = 0;
  while (!Arrived().empty()) ++count;
  EXPECT_EQ(count, UdpPort::kQueued);
  EXPECT_EQ(host_.pool().free_count(), host_.pool().total());
}

TEST_F(Ipv4Test, SentDatagramIsWhatItsReceiverExpects) {
  EXPECT_EQ(port_.Send({kPeer, 9}, Bytes(1472)), Status::kOk);
  Frame sent = host_.Sent();
  EXPECT_EQ(sent.size(), 1514u);
  EXPECT_EQ(Behind(sent, kHeaders), UdpDatagram(7, 9, Bytes(1472), kHost, kPeer));
  EXPECT_EQ(port_.Send({kPeer, 9}, Bytes(1473)), Status::kInvalidArgument);
  EXPECT_EQ(port_.Send({kPeer, 0}, Bytes(1)), Status::kInvalidArgument);
}

TEST_F(Ipv4Test, FarHostsAreReachedByTheGatewayOrNotAtAll) {
  EXPECT_EQ(port_.Send({Ipv4Address::Of(192, 0, 2, 1), 9}, Bytes(1)), Status::kOk);
  EXPECT_EQ(host_.Sent(), ArpFrame(1, kHostMac, kHost, Ipv4Address::Of(10, 0, 0, 254)));
  host_.stack().Configure({kHost, Ipv4Address::Of(255, 255, 255, 0), {}});
  EXPECT_EQ(port_.Send({Ipv4Address::Of(192, 0, 2, 1), 9}, Bytes(1)), Status::kUnreachable);
}

TEST_F(Ipv4Test, PortsAreTakenOnceAndChosenAtRandom) {
  UdpPort other, random, more;
  EXPECT_EQ(other.Bind(host_.stack().udp(), 7), Status::kFull);
  EXPECT_EQ(random.Bind(host_.stack().udp(), 0), Status::kOk);
  EXPECT_EQ(more.Bind(host_.stack().udp(), 0), Status::kOk);
  EXPECT_GE(random.port(), UdpLayer::kFirstEphemeralPort);
  EXPECT_NE(random.port(), more.port());
  random.Close();
  EXPECT_EQ(random.Send({kPeer, 9}, Bytes(1)), Status::kInvalidArgument);
}

TEST_F(Ipv4Test, EmptyPoolDropsAndSaysSo) {
  std::vector<PacketPtr> all;
  while (host_.pool().free_count() > 0) all.push_back(host_.pool().Allocate());
  EXPECT_EQ(port_.Send({kPeer, 9}, Bytes(1)), Status::kOutOfMemory);
  EXPECT_EQ(ipv4().no_packet, 1u);
  all.pop_back();
  Receive({}, UdpDatagram(9, 7, {1}));
  EXPECT_EQ(Arrived(), Frame{1});
}

}  // namespace
}  // namespace toro::net
