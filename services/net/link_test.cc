// Ethernet and ARP, by frames.
#include <gtest/gtest.h>

#include "services/net/testing/frames.h"

namespace toro::net {
namespace {

class LinkTest : public ::testing::Test {
 protected:
  LinkTest() {
    Frame announcement = host_.Sent();
    EXPECT_EQ(announcement, ArpFrame(1, kHostMac, kHost, kHost));
  }
  bool SendsUdpTo(Ipv4Address to) {
    UdpPort port;
    return port.Bind(host_.stack().udp(), 0) == Status::kOk && port.Send({to, 9}, Bytes(1)) == Status::kOk;
  }
  void Pass(uint64_t ns) {
    environment_.now_ns += ns;
    (void)host_.stack().Poll();
  }
  const ArpTable::Counters& arp() { return host_.stack().arp().counters(); }

  TestEnvironment environment_{1};
  TestHost host_{environment_, {}};
};

TEST_F(LinkTest, ShortAndForeignFramesAreDroppedAndCounted) {  // E1
  for (size_t size = 0; size <= 14; ++size) host_.Receive(Frame(size, 2));
  EXPECT_EQ(host_.stack().counters().frames, 15u);
  EXPECT_EQ(host_.stack().counters().bad_frames, 14u);
  EXPECT_EQ(host_.stack().counters().other_cards, 1u);
  host_.Receive(EthernetFrame(kHostMac, {3, 0, 0, 0, 0, 9}, kEtherTypeIpv4, Bytes(60)));
  EXPECT_EQ(host_.stack().counters().bad_frames, 15u);
  host_.Receive(EthernetFrame(kHostMac, kPeerMac, 0x86dd, Bytes(60)));
  EXPECT_EQ(host_.stack().counters().unknown_types, 1u);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(LinkTest, RawHandlerSeesAFrameFirstAndMayKeepIt) {
  PacketPtr kept;
  host_.stack().SetRawHandler(
      [](void* context, PacketPtr& frame) {
        *static_cast<PacketPtr*>(context) = std::move(frame);
        return true;
      },
      &kept);
  Frame frame = ArpFrame(1, kPeerMac, kPeer, kHost);
  host_.Receive(frame);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(Frame(kept->data(), kept->data() + kept->size()), frame);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(LinkTest, FullCardKeepsFramesInOrderAndDropsBeyondTheBacklog) {
  Introduce(host_);
  host_.nic().room = 0;
  for (size_t i = 0; i < EthernetPort::kMaxBacklog + 3; ++i) EXPECT_TRUE(SendsUdpTo(kPeer));
  EXPECT_TRUE(host_.Sent().empty());
  EXPECT_EQ(host_.stack().port().dropped(), 3u);
  host_.nic().room = SIZE_MAX;
  size_t count = 0;
  while (!host_.Sent().empty()) ++count;
  EXPECT_EQ(count, EthernetPort::kMaxBacklog);
}

TEST_F(LinkTest, QuestionForUsIsAnsweredAndItsSenderLearned) {  // [rfc826]
  host_.Receive(ArpFrame(1, kPeerMac, kPeer, kHost));
  Frame answer = host_.Sent();
  Frame expected = ArpFrame(2, kHostMac, kHost, kPeer, kPeerMac);
  std::copy(kPeerMac.begin(), kPeerMac.end(), expected.begin() + 14 + 18);
  EXPECT_EQ(answer, expected);
  EXPECT_TRUE(SendsUdpTo(kPeer));
  EXPECT_EQ(Behind(host_.Sent(), 12).front(), 0x08);
  EXPECT_EQ(arp().requests_sent, 0u);
}

TEST_F(LinkTest, PacketsWaitForTheAnswerAndTheNewestStay) {
  for (size_t i = 0; i < ArpTable::kQueued + 2; ++i) EXPECT_TRUE(SendsUdpTo(kPeer));
  EXPECT_EQ(host_.Sent(), ArpFrame(1, kHostMac, kHost, kPeer));
  EXPECT_TRUE(host_.Sent().empty());
  EXPECT_EQ(arp().unresolved, 2u);
  host_.Receive(ArpFrame(2, kPeerMac, kPeer, kHost, kHostMac));
  size_t count = 0;
  for (Frame frame; !(frame = host_.Sent()).empty(); ++count) EXPECT_EQ(frame[0 + 5], kPeerMac[5]);
  EXPECT_EQ(count, ArpTable::kQueued);
}

TEST_F(LinkTest, SilentNeighbourIsAskedOncePerSecondAndGivenUp) {  // [rfc1122 2.3.2.1]
  EXPECT_TRUE(SendsUdpTo(kPeer));
  for (unsigned i = 0; i < 3 * ArpTable::kRequests; ++i) Pass(kNsPerSecond / 2);
  EXPECT_EQ(arp().requests_sent, ArpTable::kRequests);
  EXPECT_EQ(arp().unresolved, 1u);
  EXPECT_EQ(host_.stack().arp().used(), 0u);
  EXPECT_EQ(host_.pool().free_count(), host_.pool().total());
}

TEST_F(LinkTest, OldNeighbourIsAskedWhileItIsUsedOn) {
  Introduce(host_);
  environment_.now_ns += ArpTable::kLifetimeNs + 1;
  EXPECT_TRUE(SendsUdpTo(kPeer));
  EXPECT_EQ(host_.Sent(), ArpFrame(1, kHostMac, kHost, kPeer));
  EXPECT_EQ(host_.Sent()[12], 0x08);
}

TEST_F(LinkTest, UnaskedReplyTeachesNothing) {  // E3
  host_.Receive(ArpFrame(2, kPeerMac, kPeer, kHost, kHostMac));
  EXPECT_EQ(host_.stack().arp().used(), 0u);
  Introduce(host_);
  host_.Receive(ArpFrame(2, {2, 0, 0, 0, 0, 0x66}, kPeer, kHost, kHostMac));
  EXPECT_EQ(arp().ignored, 2u);
  EXPECT_TRUE(SendsUdpTo(kPeer));
  EXPECT_EQ(host_.Sent()[5], kPeerMac[5]);
}

TEST_F(LinkTest, ShortOrForeignArpIsMalformed) {  // E2, E3
  Frame right = ArpFrame(1, kPeerMac, kPeer, kHost);
  for (size_t size = 14; size < right.size(); ++size) host_.Receive(Frame(right.begin(), right.begin() + size));
  for (size_t at : {14, 16, 18, 19}) {
    Frame wrong = right;
    ++wrong[at];
    host_.Receive(wrong);
  }
  host_.Receive(ArpFrame(4, kPeerMac, kPeer, kHost));  // RARP
  EXPECT_EQ(arp().malformed, 28u + 4u + 1u);
  EXPECT_EQ(host_.stack().arp().used(), 0u);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(LinkTest, SenderThatCannotBeIsIgnored) {  // E3
  host_.Receive(ArpFrame(1, kPeerMac, Ipv4Address::Of(10, 0, 0, 255), kHost));
  host_.Receive(ArpFrame(1, kPeerMac, Ipv4Address::Of(224, 0, 0, 1), kHost));
  EXPECT_EQ(arp().ignored, 2u);
  EXPECT_EQ(host_.stack().arp().used(), 0u);
  EXPECT_TRUE(host_.Sent().empty());
}

TEST_F(LinkTest, ProbeForOurAddressIsAnswered) {  // [rfc5227 2.1.1]
  host_.Receive(ArpFrame(1, kPeerMac, Ipv4Address{}, kHost));
  EXPECT_FALSE(host_.Sent().empty());
  EXPECT_EQ(host_.stack().arp().used(), 0u);
}

TEST_F(LinkTest, ConflictIsCountedAndAnsweredOncePerInterval) {  // [rfc5227 2.4]
  for (int i = 0; i < 3; ++i) host_.Receive(ArpFrame(1, kPeerMac, kHost, kPeer));
  EXPECT_EQ(arp().conflicts, 3u);
  EXPECT_EQ(host_.stack().arp().conflicting_mac(), kPeerMac);
  EXPECT_EQ(host_.Sent(), ArpFrame(1, kHostMac, kHost, kHost));
  EXPECT_TRUE(host_.Sent().empty());
  environment_.now_ns += ArpTable::kDefendIntervalNs;
  host_.Receive(ArpFrame(1, kPeerMac, kHost, kPeer));
  EXPECT_FALSE(host_.Sent().empty());
}

TEST_F(LinkTest, ManyNeighboursTakeThePlacesNotUsedForLongest) {
  Introduce(host_);
  for (size_t i = 0; i < 3 * ArpTable::kEntries; ++i) {
    environment_.now_ns += 1000;
    host_.Receive(ArpFrame(1, {2, 0, 0, 0, 1, static_cast<uint8_t>(i)},
                           Ipv4Address{Ipv4Address::Of(10, 0, 0, 10).value + static_cast<uint32_t>(i)}, kHost));
    EXPECT_TRUE(SendsUdpTo(kPeer));  // used all the time
  }
  EXPECT_EQ(host_.stack().arp().used(), ArpTable::kEntries);
  EXPECT_EQ(arp().requests_sent, 0u);
}

}  // namespace
}  // namespace toro::net
