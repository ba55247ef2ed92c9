// The driver on a card that does what it must not, and in what the wire and the owner do in any order.
#include <gtest/gtest.h>

#include <deque>

#include "core/base/units.h"
#include "drivers/e1000/testing_machine.h"

namespace toro::e1000 {
namespace {

TEST_P(E1000Test, ACardThatDoesNotAnswerIsNotUsed) {
  TestingMachine machine(GetParam());
  machine.card.misbehaviour.is_gone = true;
  EXPECT_EQ(machine.driver->Stop(), Status::kNotSupported);
}

TEST_P(E1000Test, ACardThatNeverEndsItsResetIsNotUsed) {
  TestingMachine machine(GetParam());
  machine.card.misbehaviour.never_ends_reset = true;
  EXPECT_EQ(machine.driver->Stop(), Status::kNotSupported);
}

TEST_P(E1000Test, ACardThatGoesAwayHasNoLinkAndHoldsNobodyUp) {
  TestingMachine machine(GetParam());
  machine.Start();
  machine.card.misbehaviour.is_gone = true;
  ASSERT_TRUE(machine.Send(FrameOf(60)));
  machine.driver->Flush();
  for (uint64_t second = 1; second < 10; ++second) {
    EXPECT_TRUE(machine.Receive().empty());
    machine.driver->ArmInterrupt();
    machine.driver->Watch(second * kNsPerSecond);
  }
  EXPECT_FALSE(machine.driver->link_up());
}

TEST_P(E1000Test, ALostInterruptLosesNoFrame) {
  TestingMachine machine(GetParam());
  machine.Start();
  machine.driver->ArmInterrupt();
  machine.card.misbehaviour.loses_interrupts = 1;
  ASSERT_TRUE(machine.Arrive(FrameOf(60, 7)));
  EXPECT_EQ(machine.interrupts(), 0u);
  EXPECT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, 7)});  // the owner looks once a second anyway
}

TEST_P(E1000Test, LateDoubledAndNeedlessInterruptsDoNoHarm) {
  TestingMachine machine(GetParam());
  machine.Start();
  machine.card.misbehaviour.holds_interrupts = true;
  ASSERT_TRUE(machine.Arrive(FrameOf(60, 1)));
  EXPECT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, 1)});
  machine.driver->ArmInterrupt();
  machine.card.misbehaviour.holds_interrupts = false;
  machine.card.misbehaviour.doubles_messages = true;
  machine.card.SetTime(1'000'000);  // now it comes, for a frame that is gone
  EXPECT_GE(machine.interrupts(), 1u);
  EXPECT_TRUE(machine.Receive().empty());
  for (uint32_t i = 0; i < 50; ++i) {
    machine.driver->ArmInterrupt();
    machine.card.InterruptForNothing();
    ASSERT_TRUE(machine.Receive().empty());
    machine.card.SetTime((i + 2) * 1'000'000);
    ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
    ASSERT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, i)});
  }
}

TEST_P(E1000Test, DescriptorsThatCannotBeAreDroppedAndCounted) {
  TestingMachine machine(GetParam());
  machine.Start();
  constexpr uint8_t kDone = 1, kEnd = 2;
  struct Case {
    uint16_t length;
    uint8_t status, errors;
  } cases[] = {{0, kDone | kEnd, 0},       {13, kDone | kEnd, 0},      {2049, kDone | kEnd, 0},
               {0xffff, kDone | kEnd, 0},  {60, kDone | kEnd, 1 << 0}, {60, kDone | kEnd, 1 << 1},
               {60, kDone | kEnd, 1 << 2}, {60, kDone | kEnd, 1 << 4}, {60, kDone | kEnd, 1 << 7}};
  uint64_t dropped = 0;
  for (int round = 0; round < 100; ++round) {  // several times around the ring
    for (const Case& c : cases) {
      Misbehaviour& wrong = machine.card.misbehaviour;
      wrong.overrides_received = true;
      wrong.received_length = c.length;
      wrong.received_status = c.status;
      wrong.received_errors = c.errors;
      ASSERT_TRUE(machine.Arrive(FrameOf(60)));
      ASSERT_TRUE(machine.Receive().empty());
      ASSERT_EQ(machine.driver->statistics().dropped_bad_frame, ++dropped);
      ASSERT_TRUE(machine.Arrive(FrameOf(60, 9)));
      ASSERT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, 9)});
    }
  }
}

TEST_P(E1000Test, AFrameInSeveralBuffersIsDroppedAsOne) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (int part = 0; part < 3; ++part) {
    Misbehaviour& wrong = machine.card.misbehaviour;
    wrong.overrides_received = true;
    wrong.received_length = 100;
    wrong.received_status = part == 2 ? 3 : 1;
    ASSERT_TRUE(machine.Arrive(FrameOf(60)));
  }
  ASSERT_TRUE(machine.Arrive(FrameOf(60, 4)));
  EXPECT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, 4)});
  EXPECT_EQ(machine.driver->statistics().dropped_bad_frame, 1u);
}

TEST_P(E1000Test, ATornWriteBackIsDroppedAlsoAfterARoundOfTheRing) {
  TestingMachine machine(GetParam());
  machine.Start();
  for (uint32_t i = 0; i < ReceiveRing::kSize; ++i) {
    ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
    ASSERT_EQ(machine.Receive().size(), 1u);
  }
  machine.card.misbehaviour.tears_write_backs = true;
  ASSERT_TRUE(machine.Arrive(FrameOf(60)));
  EXPECT_TRUE(machine.Receive().empty());
  EXPECT_EQ(machine.driver->statistics().dropped_bad_frame, 1u);
  machine.card.misbehaviour.tears_write_backs = false;
  machine.card.ReportHeld();  // into a descriptor that is in use again, perhaps
  ASSERT_TRUE(machine.Arrive(FrameOf(60, 5)));
  EXPECT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, 5)});
}

TEST_P(E1000Test, DescriptorsThatTheCardDoesNotHaveAreNotLookedAt) {
  TestingMachine machine(GetParam(), 20);
  machine.Start();
  for (uint32_t i = 0; i < ReceiveRing::kSize; ++i) {
    if (i >= 20) machine.card.ScribbleReceiveStatus(i, 3);
    if (i >= 20) machine.card.ScribbleSendStatus(i, 1);
  }
  EXPECT_TRUE(machine.Receive().empty());
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
    ASSERT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, i)});
  }
}

TEST_P(E1000Test, FramesReportedOutOfOrderAreReceivedInOrder) {
  TestingMachine machine(GetParam());
  machine.Start();
  machine.card.misbehaviour.holds_reports = true;
  for (uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
  EXPECT_TRUE(machine.Receive().empty());
  machine.card.ReportHeld(true);
  std::vector<std::string> received = machine.Receive();
  ASSERT_EQ(received.size(), 10u);
  for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(received[i], FrameOf(60, i));
}

TEST_P(E1000Test, SentFramesReportedOutOfOrderAreReleasedOnce) {
  TestingMachine machine(GetParam());
  machine.Start();
  const size_t free_packets = machine.pool.free_count();
  machine.card.misbehaviour.holds_reports = true;
  for (uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(machine.Send(FrameOf(60, i)));
  machine.driver->Flush();
  EXPECT_EQ(machine.sent.size(), 100u);
  machine.Receive();
  EXPECT_EQ(machine.pool.free_count(), free_packets - 100);  // not before it is reported
  machine.card.ReportHeld(true);
  machine.Receive();
  EXPECT_EQ(machine.pool.free_count(), free_packets);
}

TEST_P(E1000Test, AReportOfWhatWasNotSentReleasesNothing) {
  TestingMachine machine(GetParam());
  machine.Start();
  const size_t free_packets = machine.pool.free_count();
  ASSERT_TRUE(machine.Send(FrameOf(60, 1)));  // and not flushed
  machine.card.ScribbleSendStatus(0, 1);
  machine.Receive();
  EXPECT_EQ(machine.pool.free_count(), free_packets - 1);
  machine.driver->Flush();
  machine.Receive();
  EXPECT_EQ(machine.pool.free_count(), free_packets);
}

TEST_P(E1000Test, ALinkThatGoesAndComesIsNoticedAndCausesNoReset) {
  TestingMachine machine(GetParam());
  machine.Start();
  const uint64_t changes = machine.driver->statistics().link_changes;
  machine.driver->ArmInterrupt();
  const uint32_t before = machine.interrupts();
  machine.card.SetTime(1'000'000);
  machine.card.SetLink(false);
  EXPECT_EQ(machine.interrupts(), before + 1);
  machine.Receive();
  EXPECT_FALSE(machine.driver->link_up());
  ASSERT_TRUE(machine.Send(FrameOf(60, 1)));
  machine.driver->Flush();
  for (uint64_t second = 1; second < 10; ++second) machine.driver->Watch(second * kNsPerSecond);
  EXPECT_EQ(machine.driver->statistics().resets, 0u);
  EXPECT_TRUE(machine.sent.empty());
  machine.driver->ArmInterrupt();
  machine.card.SetTime(2'000'000);
  machine.card.SetLink(true);
  EXPECT_GE(machine.interrupts(), before + 2);
  machine.Receive();
  EXPECT_TRUE(machine.driver->link_up());
  EXPECT_EQ(machine.sent, std::vector<std::string>{FrameOf(60, 1)});
  EXPECT_EQ(machine.driver->statistics().link_changes, changes + 2);
}

TEST_P(E1000Test, ACardThatDoesNotSendIsResetAndWorksAgain) {
  TestingMachine machine(GetParam());
  machine.Start();
  const size_t free_packets = machine.pool.free_count();
  machine.card.misbehaviour.stops_sending = true;
  for (uint32_t i = 0; i < 5; ++i) ASSERT_TRUE(machine.Send(FrameOf(60, i)));
  machine.driver->Flush();
  machine.driver->Watch(1 * kNsPerSecond);
  machine.driver->Watch(2 * kNsPerSecond);
  EXPECT_EQ(machine.driver->statistics().resets, 0u);  // not yet
  machine.driver->Watch(3 * kNsPerSecond);
  EXPECT_EQ(machine.driver->statistics().resets, 1u);
  EXPECT_EQ(machine.pool.free_count(), free_packets);
  machine.card.misbehaviour.stops_sending = false;
  for (uint32_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(machine.Send(FrameOf(60, i)));
    machine.driver->Flush();
    ASSERT_EQ(machine.sent.back(), FrameOf(60, i));
    ASSERT_TRUE(machine.Arrive(FrameOf(60, i)));
    ASSERT_EQ(machine.Receive(), std::vector<std::string>{FrameOf(60, i)});
  }
}

// Wire, owner and misbehaviour in a random order: what arrived is received in order, unless the card broke it; what was
// sent goes out in order; and in the end every packet is back.
TEST_P(E1000Test, AnyOrderOfEventsKeepsFramesInOrder) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    TestingMachine machine(GetParam(), 64 + seed * 8);
    machine.Start();
    uint64_t state = seed * 0x9e3779b97f4a7c15;
    auto random = [&state](uint64_t below) {
      state = state * 6364136223846793005 + 1442695040888963407;
      return (state >> 33) % below;
    };
    std::deque<std::string> arrived;
    uint32_t number = 0, sent = 0, broken = 0;
    for (int step = 0; step < 5000; ++step) {
      machine.card.SetTime(static_cast<uint64_t>(step) * 20'000);
      switch (random(12)) {
        case 0:
        case 1:
        case 2: {
          std::string frame = FrameOf(18 + random(1497), ++number);
          if (machine.Arrive(frame)) arrived.push_back(frame);
          break;
        }
        case 3:
          for (const std::string& frame : machine.Receive(1 + random(32))) {
            ASSERT_FALSE(arrived.empty());
            ASSERT_EQ(frame, arrived.front()) << "seed " << seed << " step " << step;
            arrived.pop_front();
          }
          break;
        case 4:
        case 5:
          if (machine.pool.free_count() > 0 && machine.Send(FrameOf(60, sent))) ++sent;
          break;
        case 6: machine.driver->Flush(); break;
        case 7: machine.driver->ArmInterrupt(); break;
        case 8: machine.card.InterruptForNothing(); break;
        case 9: machine.card.misbehaviour.loses_interrupts = static_cast<uint32_t>(random(2)); break;
        case 10: machine.card.misbehaviour.doubles_messages = random(2) != 0; break;
        case 11:
          if (!arrived.empty() || random(4) != 0) break;
          machine.card.misbehaviour.overrides_received = true;
          machine.card.misbehaviour.received_length = static_cast<uint16_t>(random(2) != 0 ? 3 : 3000);
          machine.card.misbehaviour.received_status = 3;
          if (machine.Arrive(FrameOf(60))) ++broken;
          machine.card.misbehaviour.overrides_received = false;
          break;
      }
    }
    machine.driver->Flush();
    for (size_t i = 0; i < machine.sent.size(); ++i) ASSERT_EQ(machine.sent[i], FrameOf(60, static_cast<uint32_t>(i)));
    ASSERT_EQ(machine.sent.size(), sent);
    while (!arrived.empty()) {
      std::vector<std::string> received = machine.Receive();
      ASSERT_FALSE(received.empty());
      for (const std::string& frame : received) {
        ASSERT_EQ(frame, arrived.front());
        arrived.pop_front();
      }
    }
    machine.Receive();
    EXPECT_EQ(machine.driver->statistics().dropped_bad_frame, broken);
  }
}

}  // namespace
}  // namespace toro::e1000
