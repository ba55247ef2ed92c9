#include "core/exchange/doorbell.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

TEST(DoorbellTest, NewBellHasNoNews) {
  BellWord bell;
  BellWatch<> watch;
  EXPECT_FALSE(watch.Pending(bell));
  EXPECT_EQ(watch.Changed(bell), 0u);
}

TEST(DoorbellTest, ChangedNamesExactlyTheSendersThatRang) {
  BellWord bell;
  BellWatch<> watch;
  bell.Ring(0, 1);
  bell.Ring(7, 1);
  EXPECT_TRUE(watch.Pending(bell));
  EXPECT_EQ(watch.Changed(bell), 0x01000000'00000001u);
  EXPECT_FALSE(watch.Pending(bell));
  bell.Ring(3, 1);
  EXPECT_EQ(watch.Changed(bell), uint64_t{1} << 24);
}

TEST(DoorbellTest, PendingLeavesTheNewsForTheNextLook) {
  BellWord bell;
  BellWatch<> watch;
  bell.Ring(2, 1);
  EXPECT_TRUE(watch.Pending(bell));
  EXPECT_TRUE(watch.Pending(bell));
  EXPECT_NE(watch.Changed(bell), 0u);
}

TEST(DoorbellTest, RingTouchesNoOtherSendersByte) {
  BellWord bell;
  for (size_t s = 0; s < kBellsPerWord; ++s) bell.Ring(s, static_cast<uint8_t>(0x10 + s));
  EXPECT_EQ(bell.Look(), 0x17161514'13121110u);
  bell.Ring(4, 0xff);
  EXPECT_EQ(bell.Look(), 0x171615ff'13121110u);
}

TEST(DoorbellTest, TwoHundredFiftyFiveRingsAreNewsAndTwoHundredFiftySixAreNot) {
  BellWord bell;
  BellWatch<> watch;
  uint8_t count = 0;
  for (int i = 0; i < 255; ++i) bell.Ring(1, ++count);
  EXPECT_TRUE(watch.Pending(bell));
  bell.Ring(1, ++count);
  EXPECT_FALSE(watch.Pending(bell)) << "why invariant I3 bounds the rings between two looks";
}

TEST(DoorbellTest, EightBellsAreOneWord) { EXPECT_EQ(sizeof(BellWord), sizeof(uint64_t)); }

}  // namespace
}  // namespace toro
