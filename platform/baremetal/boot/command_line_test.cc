#include "platform/baremetal/boot/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace toro::baremetal {
namespace {

std::vector<std::string> Arguments(const CommandLine& line) {
  return std::vector<std::string>(line.arguments + 1, line.arguments + line.argument_count);
}

TEST(CommandLineTest, EmptyLineGivesDefaultsAndAProgramName) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine("", line), nullptr);
  EXPECT_FALSE(line.has_cpus);
  EXPECT_FALSE(line.has_seed);
  EXPECT_FALSE(line.report);
  EXPECT_FALSE(line.isolate);
  EXPECT_FALSE(line.ignore_nodes);
  ASSERT_EQ(line.argument_count, 1);
  EXPECT_STREQ(line.arguments[0], "app");
  EXPECT_EQ(line.arguments[1], nullptr);
}

TEST(CommandLineTest, KernelWordsAreRead) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine("  cpus=4\tseed=18446744073709551615 numa=off report isolate ", line), nullptr);
  EXPECT_TRUE(line.has_cpus);
  EXPECT_EQ(line.cpus, 4u);
  EXPECT_TRUE(line.has_seed);
  EXPECT_EQ(line.seed, ~uint64_t{0});
  EXPECT_TRUE(line.report);
  EXPECT_TRUE(line.isolate);
  EXPECT_TRUE(line.ignore_nodes);
}

TEST(CommandLineTest, WatchdogTakesMillisecondsAndPerhapsAPolicy) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine("watchdog=500", line), nullptr);
  EXPECT_EQ(line.watchdog_ms, 500u);
  EXPECT_FALSE(line.watchdog_powers_off);
  CommandLine policy;
  ASSERT_EQ(ParseCommandLine("watchdog=3600000,poweroff", policy), nullptr);
  EXPECT_EQ(policy.watchdog_ms, 3'600'000u);
  EXPECT_TRUE(policy.watchdog_powers_off);
  for (const char* wrong : {"watchdog=", "watchdog=0", "watchdog=3600001", "watchdog=-1", "watchdog=5s",
                            "watchdog=500,reboot", "watchdog=,poweroff", "watchdog=99999999999999999999"}) {
    CommandLine refused;
    EXPECT_STREQ(ParseCommandLine(wrong, refused), "watchdog= needs 1 to 3600000 ms, and perhaps ,poweroff, not")
        << wrong;
    EXPECT_EQ(refused.culprit, wrong);
  }
}

TEST(CommandLineTest, TraceTakesAPowerOfTwo) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine("", line), nullptr);
  EXPECT_EQ(line.trace_records, 0u);
  for (auto [word, records] : {std::pair("trace=64", 64u), {"trace=16777216", 16'777'216u}}) {
    CommandLine right;
    ASSERT_EQ(ParseCommandLine(word, right), nullptr) << word;
    EXPECT_EQ(right.trace_records, records);
  }
  for (const char* wrong : {"trace", "trace=", "trace=0", "trace=32", "trace=100", "trace=33554432", "trace=on"}) {
    CommandLine refused;
    EXPECT_STREQ(ParseCommandLine(wrong, refused), "trace= needs a power of two from 64 to 16777216, not") << wrong;
    EXPECT_EQ(refused.culprit, wrong);
  }
}

TEST(CommandLineTest, IdleIsKeptForWhoKnowsTheCpu) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine("idle=nap", line), nullptr);
  EXPECT_EQ(line.idle, "nap");
  CommandLine empty;
  EXPECT_STREQ(ParseCommandLine("idle=", empty), "idle= needs hlt, mwait or spin, not");
  EXPECT_EQ(empty.culprit, "idle=");
}

TEST(CommandLineTest, WhatFollowsTwoDashesBelongsToTheApplication) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine("cpus=1 -- cpus=2 nonsense -- x", line), nullptr);
  EXPECT_EQ(line.cpus, 1u);
  EXPECT_EQ(Arguments(line), (std::vector<std::string>{"cpus=2", "nonsense", "--", "x"}));
}

TEST(CommandLineTest, QuotesKeepBlanksAndBackslashTakesTheNextCharacter) {
  CommandLine line;
  ASSERT_EQ(ParseCommandLine(R"(-- "a b" 'c "d\' e\ f "g\"h" "" x"y z"w)", line), nullptr);
  EXPECT_EQ(Arguments(line), (std::vector<std::string>{"a b", "c \"d\\", "e f", "g\"h", "", "xy zw"}));
}

TEST(CommandLineTest, UnknownWordIsNamed) {
  CommandLine line;
  EXPECT_STREQ(ParseCommandLine("cpus=2 cpu=3", line), "unknown word");
  EXPECT_EQ(line.culprit, "cpu=3");
}

TEST(CommandLineTest, MalformedNumbersAreRefused) {
  for (const char* text : {"cpus=", "cpus", "cpus=-1", "cpus=4x", "cpus=0x4", "seed=18446744073709551616", "report=1",
                           "numa=on", "numa", "numa="}) {
    CommandLine line;
    EXPECT_NE(ParseCommandLine(text, line), nullptr) << text;
    EXPECT_EQ(line.culprit, text);
  }
}

TEST(CommandLineTest, OpenQuoteAndFinalBackslashAreRefused) {
  for (const char* text : {"-- 'a", "-- \"a", "-- a\\", "-- \"a\\"}) {
    CommandLine line;
    EXPECT_NE(ParseCommandLine(text, line), nullptr) << text;
  }
}

TEST(CommandLineTest, OneArgumentTooManyIsRefused) {
  std::string text = "--";
  for (int i = 0; i < 63; ++i) text += " x";
  CommandLine line;
  ASSERT_EQ(ParseCommandLine(text, line), nullptr);
  EXPECT_EQ(line.argument_count, 64);
  EXPECT_EQ(line.arguments[64], nullptr);
  CommandLine longer;
  EXPECT_NE(ParseCommandLine(text + " y", longer), nullptr);
}

}  // namespace
}  // namespace toro::baremetal
