// The driver on a card that behaves.
#include "drivers/e1000/e1000.h"

#include <gtest/gtest.h>

#include "drivers/e1000/model/internet_sum.h"
#include "drivers/e1000/testing_machine.h"

namespace toro::e1000 {
namespace {

INSTANTIATE_TEST_SUITE_P(Cards, E1000Test, testing::Values(Kind::k82540Em, Kind::k82574L), NameOfKind);

TEST(KindTest, OnlyTwoDevicesAreKnown) {
  Kind kind;
  EXPECT_TRUE(KindOf(0x100e, kind));
  EXPECT_EQ(kind, Kind::k82540Em);
  EXPECT_TRUE(KindOf(0x10d3, kind));
  EXPECT_EQ(kind, Kind::k82574L);
  EXPECT_FALSE(KindOf(0x1533, kind));
}

TEST_P(E1000Test, LearnsItsAddressAndLink) {
  TestingMachine machine(GetParam());
  machine.Start();
  EXPECT_EQ(machine.driver->description().mac, kTestAddress);
  EXPECT_TRUE(machine.driver->link_up());
  EXPECT_EQ(machine.interrupts(), 0u);
}

TEST_P(E1000Test, ReceivesEveryLengthExactlyAndInOrder) {
  TestingMachine machine(GetParam());
  machine.Start();
  uint32_t number = 0;
  for (size_t bytes = 14; bytes <= 1514; ++bytes) {
    std::string frame = FrameOf(bytes, ++number);
    ASSERT_TRUE(machine.Arrive(frame));
    ASSERT_EQ(machine.Receive(), std::vector<std::string>{frame});
  }
  EXPECT_EQ(machine.driver->statistics().received_frames, number);
  EXPECT_EQ(machine.driver->statistics().dropped_bad_frame, 0u);
}

TEST_P(E1000Test, ReceivesNoMoreThanAskedFor) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
  for (uint32_t i = 0; i < 100;) {
    for (const std::string& frame : machine.Receive(7)) ASSERT_EQ(frame, FrameOf(60, i++));
  }
  EXPECT_TRUE(machine.Receive().empty());
}

TEST_P(E1000Test, SendsEveryLengthPaddedAndInOrder) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (size_t bytes = 14; bytes <= 1514; ++bytes) {
    std::string frame = FrameOf(bytes, static_cast<uint32_t>(bytes));
    ASSERT_TRUE(machine.Send(frame));
    machine.driver->Flush();
    ASSERT_EQ(machine.sent.size(), 1u);
    if (frame.size() < 60) frame.resize(60, '\0');
    ASSERT_EQ(machine.sent[0], frame);
    machine.sent.clear();
  }
  machine.Receive();
  EXPECT_EQ(machine.driver->statistics().sent_frames, 1501u);
}

TEST_P(E1000Test, NothingGoesOnItsWayBeforeFlush) {
  TestingMachine machine(GetParam());
  machine.Start();
  const uint64_t accesses = machine.card.accesses();
  ASSERT_TRUE(machine.Send(FrameOf(60)));
  EXPECT_EQ(machine.card.accesses(), accesses);
  EXPECT_TRUE(machine.sent.empty());
  machine.driver->Flush();
  EXPECT_EQ(machine.sent.size(), 1u);
  EXPECT_EQ(machine.card.accesses(), accesses + 1);
  machine.driver->Flush();  // nothing new
  EXPECT_EQ(machine.card.accesses(), accesses + 1);
}

// nic.h, I3 and e1000.h, I1: with interrupt, answer and arming, and the tail of the buffers now and then.
TEST_P(E1000Test, ABurstCostsAtMostTwoRegisterAccesses) {
  TestingMachine machine(GetParam());
  machine.Start();
  uint64_t now_ns = 0;
  for (uint64_t frames : {1u, 8u, 32u}) {
    const uint64_t before = machine.card.accesses();
    constexpr uint64_t kBursts = 640;
    for (uint64_t burst = 0; burst < kBursts; ++burst) {
      machine.card.SetTime(now_ns += 1'000'000);
      for (uint64_t i = 0; i < frames; ++i) ASSERT_TRUE(machine.Arrive(FrameOf(60)));
      ASSERT_EQ(machine.Receive().size(), frames);
      for (uint64_t i = 0; i < frames; ++i) ASSERT_TRUE(machine.Send(FrameOf(60)));
      machine.driver->Flush();
      ASSERT_TRUE(machine.Receive().empty());
      machine.driver->ArmInterrupt();
    }
    // Interrupt or arming, send tail; one receive tail per 32 frames.
    EXPECT_EQ(machine.card.accesses() - before, 2 * kBursts + kBursts * frames / ReceiveRing::kBatch) << frames;
    EXPECT_EQ(machine.interrupts() > 0, true);
  }
}

// Whoever polls without a rest pays for no interrupt: only for tails.
TEST_P(E1000Test, UnderLoadTheCardIsSilent) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (uint32_t round = 0; round < 3; ++round) {  // until the driver has seen that it is busy
    machine.card.SetTime((round + 1) * 1'000'000);
    ASSERT_TRUE(machine.Arrive(FrameOf(60)));
    ASSERT_EQ(machine.Receive().size(), 1u);
  }
  const uint32_t interrupts = machine.interrupts();
  const uint64_t accesses = machine.card.accesses();
  for (uint32_t round = 0; round < 320; ++round) {
    machine.card.SetTime((round + 10) * 1'000'000);
    ASSERT_TRUE(machine.Arrive(FrameOf(60)));
    ASSERT_EQ(machine.Receive().size(), 1u);
  }
  EXPECT_EQ(machine.interrupts(), interrupts);
  EXPECT_EQ(machine.card.accesses() - accesses, 320u / ReceiveRing::kBatch);
  // It rests, and is told of the next frame. What it has taken already may interrupt once more.
  for (uint64_t look = 1; look <= 2; ++look) {
    ASSERT_TRUE(machine.Receive().empty());
    machine.driver->ArmInterrupt();
    machine.card.SetTime(look * 1'000'000'000);
  }
  const uint32_t resting = machine.interrupts();
  ASSERT_TRUE(machine.Arrive(FrameOf(60)));
  EXPECT_EQ(machine.interrupts(), resting + 1);
}

// e1000.h, I2. The frame comes between the last look and the arming.
TEST_P(E1000Test, WhatCameBeforeArmingInterruptsAtOnce) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (uint32_t i = 0; i < 10; ++i) {
    machine.card.SetTime((i + 1) * 1'000'000);
    ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
    ASSERT_EQ(machine.Receive().size(), 1u);
    ASSERT_TRUE(machine.Receive().empty());
    const uint32_t before = machine.interrupts();
    ASSERT_TRUE(machine.Arrive(FrameOf(61, i)));
    machine.driver->ArmInterrupt();
    machine.card.SetTime((i + 1) * 1'000'000 + 500'000);  // the interval is over
    EXPECT_EQ(machine.interrupts(), before + 1) << i;
    ASSERT_EQ(machine.Receive().size(), 1u);
    machine.driver->ArmInterrupt();
  }
}

TEST_P(E1000Test, ArmingAnArmedCardCostsNothing) {
  TestingMachine machine(GetParam());
  machine.Start();
  machine.driver->ArmInterrupt();
  const uint64_t accesses = machine.card.accesses();
  for (int i = 0; i < 100; ++i) machine.driver->ArmInterrupt();
  EXPECT_EQ(machine.card.accesses(), accesses);
}

TEST_P(E1000Test, WithoutPacketsTheRingShrinksAndGrowsAgain) {
  TestingMachine machine(GetParam(), 20);
  machine.Start();
  std::vector<PacketPtr> kept(32);
  uint32_t taken = 0;
  while (machine.Arrive(FrameOf(60, taken))) ++taken;
  EXPECT_EQ(taken, 20u);
  EXPECT_EQ(machine.driver->Receive(kept), 20u);
  EXPECT_FALSE(machine.Arrive(FrameOf(60)));  // nothing left
  machine.driver->Watch(1);
  EXPECT_EQ(machine.driver->statistics().dropped_no_buffer, 2u);
  for (PacketPtr& packet : kept) packet.reset();
  ASSERT_TRUE(machine.Receive().empty());
  for (uint32_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(machine.Arrive(FrameOf(60, i))) << i;
    ASSERT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, i)});
  }
}

TEST_P(E1000Test, AFullRingRefusesAndInterruptsWhenThereIsRoom) {
  TestingMachine machine(GetParam());
  machine.Start();
  machine.card.misbehaviour.holds_reports = true;
  uint32_t taken = 0;
  while (machine.Send(FrameOf(60, taken))) ++taken;
  EXPECT_EQ(taken, SendRing::kSize - 1);
  EXPECT_EQ(machine.driver->statistics().refused_sends, 1u);
  machine.driver->Flush();
  machine.driver->ArmInterrupt();
  machine.card.misbehaviour.holds_reports = false;
  machine.card.SetTime(1'000'000);
  const uint32_t before = machine.interrupts();
  machine.card.ReportHeld();
  // The card says so in its own time: in the model, with the next frame of the wire or the tail.
  ASSERT_TRUE(machine.Receive().empty());
  EXPECT_TRUE(machine.Send(FrameOf(60)));
  machine.driver->Flush();
  EXPECT_GE(machine.interrupts(), before);
  EXPECT_EQ(machine.sent.size(), SendRing::kSize);
}

// ---- checksums ----

constexpr size_t kTcpAt = 34, kSumAt = kTcpAt + 16;

void Store16(std::string& frame, size_t at, uint16_t value) {
  frame[at] = static_cast<char>(value >> 8);
  frame[at + 1] = static_cast<char>(value);
}
const unsigned char* Raw(const std::string& frame, size_t at) {
  return reinterpret_cast<const unsigned char*>(frame.data()) + at;
}

// An IPv4 frame with `payload` bytes behind its TCP header, all sums right.
std::string TcpFrame(size_t payload, uint32_t number) {
  std::string frame = FrameOf(kTcpAt + 20 + payload, number);
  Store16(frame, 12, 0x0800);
  Store16(frame, 14, 0x4500);
  Store16(frame, 16, static_cast<uint16_t>(40 + payload));
  Store16(frame, 20, 0);
  Store16(frame, 22, 0x4006);
  Store16(frame, 24, 0);
  Store16(frame, 24, static_cast<uint16_t>(~InternetSum(Raw(frame, 14), 20)));
  Store16(frame, kSumAt, 0);
  uint32_t pseudo = InternetSum(Raw(frame, 26), 8, static_cast<uint32_t>(6 + 20 + payload));
  Store16(frame, kSumAt, static_cast<uint16_t>(~InternetSum(Raw(frame, kTcpAt), 20 + payload, pseudo)));
  return frame;
}

TEST_P(E1000Test, TellsWhichChecksumsItHasFoundRight) {
  TestingMachine machine(GetParam());
  machine.Start();
  std::string frame = TcpFrame(100, 1);
  ASSERT_TRUE(machine.Arrive(frame));
  ASSERT_EQ(machine.Receive().size(), 1u);
  EXPECT_TRUE(machine.last_verified);
  for (size_t wrong : {size_t{26}, kTcpAt + 30}) {  // of the IP header, of the data
    std::string broken = frame;
    broken[wrong] ^= 1;
    ASSERT_TRUE(machine.Arrive(broken));
    ASSERT_EQ(machine.Receive(), std::vector<std::string>{broken});
    EXPECT_FALSE(machine.last_verified);
  }
  ASSERT_TRUE(machine.Arrive(FrameOf(60)));  // no IPv4
  ASSERT_EQ(machine.Receive().size(), 1u);
  EXPECT_FALSE(machine.last_verified);
}

TEST_P(E1000Test, FillsChecksumsWhereTheyBelong) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (uint32_t i = 0; i < 600; ++i) {  // now and then another place, so that the card hears of it
    std::string whole = TcpFrame(i % 100 + 1, i);
    std::string half = whole;
    Store16(half, kSumAt, InternetSum(Raw(half, 26), 8, static_cast<uint32_t>(6 + 20 + i % 100 + 1)));
    PacketPtr packet = machine.PacketOf(half);
    if (i % 3 != 0) {
      packet->checksum_start = kTcpAt;
      packet->checksum_field = kSumAt;
    }
    ASSERT_EQ(machine.driver->Send({&packet, 1}), 1u);
    if (i % 5 == 0) {
      ASSERT_TRUE(machine.Send(FrameOf(60, i)));
    }
    machine.driver->Flush();
    machine.sent[0].resize(half.size());
    EXPECT_EQ(machine.sent[0], i % 3 != 0 ? whole : half) << i;
    machine.sent.clear();
  }
}

}  // namespace
}  // namespace toro::e1000
