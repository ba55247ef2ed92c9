#include "platform/baremetal/cpu/idle_policy.h"

#include <gtest/gtest.h>

namespace toro::baremetal {
namespace {

constexpr IdleFeatures kBareCpu{
    .has_mwait = true, .line_bytes = 64, .mwait_states = 0x142120, .timer_runs_in_deep_states = true};

IdleWay Chosen(std::string_view word, const IdleFeatures& features) {
  IdleWay way = IdleWay::kSpin;
  EXPECT_EQ(ChooseIdleWay(word, features, way), nullptr);
  return way;
}

TEST(IdlePolicyTest, MwaitIsChosenWhereItWaits) {
  EXPECT_EQ(Chosen("", kBareCpu), IdleWay::kMwait);
  IdleFeatures features = kBareCpu;
  features.hypervisor = Hypervisor::kKvm;
  EXPECT_EQ(Chosen("", features), IdleWay::kMwait);
  for (Hypervisor other : {Hypervisor::kQemuEmulation, Hypervisor::kOther}) {
    features.hypervisor = other;
    EXPECT_EQ(Chosen("", features), IdleWay::kHlt);
  }
  EXPECT_EQ(Chosen("", IdleFeatures{}), IdleWay::kHlt);
}

TEST(IdlePolicyTest, AWordOverrulesTheChoice) {
  EXPECT_EQ(Chosen("hlt", kBareCpu), IdleWay::kHlt);
  EXPECT_EQ(Chosen("spin", kBareCpu), IdleWay::kSpin);
  IdleFeatures emulated = kBareCpu;
  emulated.hypervisor = Hypervisor::kQemuEmulation;
  EXPECT_EQ(Chosen("mwait", emulated), IdleWay::kMwait);
}

TEST(IdlePolicyTest, WhatCannotBeIsNamed) {
  IdleWay way;
  EXPECT_STREQ(ChooseIdleWay("mwait", IdleFeatures{}, way),
               "this CPU has no MONITOR and MWAIT, but idle= on the kernel command line is");
  for (std::string_view word : {"nap", "HLT", "hlt ", "0"}) {
    EXPECT_STREQ(ChooseIdleWay(word, kBareCpu, way), "idle= on the kernel command line needs hlt, mwait or spin, not");
  }
}

TEST(IdlePolicyTest, LongSleepsAreDeepWhereTheTimerGoesOn) {
  EXPECT_EQ(DepthByLength(kBareCpu, 0), 0u);
  EXPECT_EQ(DepthByLength(kBareCpu, kDeepSleepNs - 1), 0u);
  EXPECT_EQ(DepthByLength(kBareCpu, kDeepSleepNs), 0x40u);  // C5 is the last of 0x142120 with a sub-state
  IdleFeatures stops = kBareCpu;
  stops.timer_runs_in_deep_states = false;
  EXPECT_EQ(DepthByLength(stops, kNever), 0u);
  IdleFeatures only_c1 = kBareCpu;
  only_c1.mwait_states = 0x10;
  EXPECT_EQ(DepthByLength(only_c1, kNever), 0u);
}

}  // namespace
}  // namespace toro::baremetal
