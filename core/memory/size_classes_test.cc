#include "core/memory/size_classes.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

TEST(SizeClassesTest, EverySizeGetsTheSmallestClassThatHoldsIt) {
  for (size_t bytes = 1; bytes <= kLargestSmallBytes; ++bytes) {
    size_t c = SizeClassOf(bytes);
    ASSERT_LT(c, kSizeClasses) << bytes;
    ASSERT_GE(SizeClassBytes(c), bytes) << bytes;
    if (c > 0) {
      ASSERT_LT(SizeClassBytes(c - 1), bytes) << bytes;
    }
  }
  EXPECT_EQ(SizeClassOf(0), 0u);
  EXPECT_EQ(SizeClassBytes(kSizeClasses - 1), kLargestSmallBytes);
}

TEST(SizeClassesTest, RoundingUpWastesAtMostAnEighthAbove128Bytes) {
  for (size_t bytes = 129; bytes <= kLargestSmallBytes; ++bytes) {
    size_t given = SizeClassBytes(SizeClassOf(bytes));
    ASSERT_LE((given - bytes) * 8, given) << bytes;
  }
}

TEST(SizeClassesTest, PowersOfTwoAreClassesOfTheirOwn) {
  for (size_t bytes = 16; bytes <= kLargestSmallBytes; bytes *= 2) EXPECT_EQ(SizeClassBytes(SizeClassOf(bytes)), bytes);
}

TEST(SizeClassesTest, SlabsHoldAtLeastTwoObjectsAndWasteAtMostAThirtySecond) {
  for (size_t c = 0; c < kSizeClasses; ++c) {
    size_t slab = SlabPages(c) * kPageBytes;
    EXPECT_GE(slab, 2 * SizeClassBytes(c));
    EXPECT_LE(slab % SizeClassBytes(c) * 32, slab);
    EXPECT_LE(SlabPages(c), 32u);
  }
}

}  // namespace
}  // namespace toro
