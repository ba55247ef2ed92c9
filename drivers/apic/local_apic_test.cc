#include "drivers/apic/local_apic.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace toro::apic {
namespace {

// What a test sees of the writes, in order; the command register stays busy for `busy_polls` reads.
struct FakeRegisters {
  struct State {
    bool x2apic = false;
    int busy_polls = 0;
    std::vector<std::pair<uint32_t, uint64_t>> writes;
  };
  State* state;

  bool is_x2apic() const { return state->x2apic; }
  uint32_t Read(Register r) const {
    if (r == kCommandLow && state->busy_polls > 0) {
      --state->busy_polls;
      return kDeliveryPending;
    }
    return 0;
  }
  void Write(Register r, uint32_t value) const { state->writes.emplace_back(r, value); }
  void WriteCommand64(uint64_t value) const { state->writes.emplace_back(0, value); }
};

using Writes = std::vector<std::pair<uint32_t, uint64_t>>;

TEST(LocalApicTest, XApicNamesTheReceiverBeforeItSends) {
  FakeRegisters::State state;
  LocalApic(FakeRegisters{&state}).SendFixed(5, 0xf0);
  EXPECT_EQ(state.writes, (Writes{{kCommandHigh, 0x05000000}, {kCommandLow, 0x40f0}}));
}

TEST(LocalApicTest, XApicWaitsUntilTheLastInterruptHasLeft) {
  FakeRegisters::State state;
  state.busy_polls = 3;
  LocalApic(FakeRegisters{&state}).SendInit(1);
  EXPECT_EQ(state.busy_polls, 0);
  EXPECT_EQ(state.writes, (Writes{{kCommandHigh, 0x01000000}, {kCommandLow, 0x4500}}));
}

TEST(LocalApicTest, XApicThatNeverBecomesFreeDoesNotHang) {
  FakeRegisters::State state;
  state.busy_polls = 2'000'000'000;
  LocalApic(FakeRegisters{&state}).SendInit(1);
  EXPECT_EQ(state.writes.size(), 2u);
}

TEST(LocalApicTest, X2ApicSendsOneWriteWithAWideId) {
  FakeRegisters::State state;
  state.x2apic = true;
  LocalApic(FakeRegisters{&state}).SendStartUp(0x12345, 8);
  EXPECT_EQ(state.writes, (Writes{{0, 0x0001234500004608}}));
}

TEST(LocalApicTest, NonMaskableGoesToAllOthers) {
  FakeRegisters::State state;
  LocalApic(FakeRegisters{&state}).SendNonMaskableToOthers();
  EXPECT_EQ(state.writes.back(), (std::pair<uint32_t, uint64_t>{kCommandLow, 0xc4400}));
}

// It may have interrupted another Send, between the two halves.
TEST(LocalApicTest, NonMaskableToOneLeavesTheReceiverOfAnInterruptedSend) {
  FakeRegisters::State state;
  LocalApic(FakeRegisters{&state}).SendNonMaskable(3);
  ASSERT_EQ(state.writes.size(), 3u);
  EXPECT_EQ(state.writes[0], (std::pair<uint32_t, uint64_t>{kCommandHigh, 0x03000000}));
  EXPECT_EQ(state.writes[1], (std::pair<uint32_t, uint64_t>{kCommandLow, 0x4400}));
  EXPECT_EQ(state.writes[2].first, uint32_t{kCommandHigh});

  FakeRegisters::State wide;
  wide.x2apic = true;
  LocalApic(FakeRegisters{&wide}).SendNonMaskable(3);
  EXPECT_EQ(wide.writes, (Writes{{0, 0x0000000300004400}}));
}

TEST(LocalApicTest, EnableMasksWhatCouldInterrupt) {
  FakeRegisters::State state;
  LocalApic(FakeRegisters{&state}).Enable(0xff);
  EXPECT_EQ(state.writes.front(), (std::pair<uint32_t, uint64_t>{kSpuriousVector, 0x1ff}));
  Writes masked;
  for (const auto& write : state.writes) {
    if (write.second == kMasked) masked.push_back(write);
  }
  EXPECT_EQ(masked, (Writes{{kLint0Entry, kMasked}, {kTimerEntry, kMasked}}));
}

}  // namespace
}  // namespace toro::apic
