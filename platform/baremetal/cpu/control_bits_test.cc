#include "platform/baremetal/cpu/control_bits.h"

#include <gtest/gtest.h>

namespace toro::baremetal {
namespace {

TEST(ControlBitsTest, EachBitThatTheCpuHasAndThatIsOffIsNamed) {
  for (size_t off = 0; off < ControlBits::kCount; ++off) {
    ControlBits bits;
    for (size_t bit = 0; bit < ControlBits::kCount; ++bit) bits.Note(ControlBits::Bit(bit), true, bit != off);
    EXPECT_STREQ(bits.Missing(), ControlBits::kNames[off]);
  }
}

TEST(ControlBitsTest, WhatTheCpuDoesNotHaveIsNotMissing) {
  ControlBits bits;
  bits.Note(ControlBits::kWriteProtect, true, true);
  bits.Note(ControlBits::kSmep, false, false);
  EXPECT_EQ(bits.Missing(), nullptr);
}

}  // namespace
}  // namespace toro::baremetal
