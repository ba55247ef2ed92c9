#include "platform/baremetal/boot/pvh.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "drivers/reg/fake_physical_memory.h"

namespace toro::baremetal {
namespace {

using reg::Bytes;

constexpr uint64_t kStart = 0x1000, kModules = 0x2000, kLine = 0x3000, kMap = 0x4000, kName = 0x5000;

struct StartInfo {
  uint32_t magic = kPvhMagic;
  uint32_t version = 1;
  uint32_t modules = 1;
  uint64_t line = kLine;
  uint64_t map = kMap;
  uint32_t ranges = 2;

  std::string bytes() const {
    return Bytes()
        .Put32(magic)
        .Put32(version)
        .Put32(0)
        .Put32(modules)
        .Put64(kModules)
        .Put64(line)
        .Put64(0xf5000)
        .Put64(map)
        .Put32(ranges)
        .Put32(0)
        .text();
  }
};

class PvhTest : public testing::Test {
 protected:
  PvhTest() {
    memory_.Place(kModules, Bytes().Put64(0x200000).Put64(100).Put64(kName).Put64(0).text());
    memory_.Place(kLine, std::string("report\0", 7));
    memory_.Place(
        kMap,
        Bytes().Put64(0).Put64(0x9fc00).Put32(1).Put32(0).Put64(0x100000).Put64(0x700000).Put32(1).Put32(0).text());
    memory_.Place(kName, std::string("words\0", 6));
  }
  const char* Parse(const StartInfo& start) {
    memory_.Place(kStart, start.bytes());
    return ParsePvh(memory_, kStart, *info_);
  }

  reg::FakePhysicalMemory memory_;
  std::unique_ptr<BootInfo> info_ = std::make_unique<BootInfo>();
};

TEST_F(PvhTest, AllPartsAreRead) {
  ASSERT_EQ(Parse({}), nullptr);
  EXPECT_EQ(info_->command_line, "report");
  EXPECT_EQ(info_->rsdp, 0xf5000u);
  ASSERT_EQ(info_->memory_count, 2u);
  EXPECT_EQ(info_->memory[1].end(), 0x800000u);
  ASSERT_EQ(info_->module_count, 1u);
  EXPECT_EQ(info_->modules[0].name, "words");
  EXPECT_EQ(info_->modules[0].begin, 0x200000u);
  EXPECT_EQ(info_->modules[0].bytes, 100u);
}

TEST_F(PvhTest, NoCommandLineAndNoModulesAreFine) {
  ASSERT_EQ(Parse({.modules = 0, .line = 0}), nullptr);
  EXPECT_TRUE(info_->command_line.empty());
  EXPECT_EQ(info_->module_count, 0u);
}

TEST_F(PvhTest, ModuleWithoutANameHasAnEmptyOne) {
  memory_.Place(kModules, Bytes().Put64(0x200000).Put64(100).Put64(0).Put64(0).text());
  ASSERT_EQ(Parse({}), nullptr);
  EXPECT_TRUE(info_->modules[0].name.empty());
}

TEST_F(PvhTest, WrongMagicVersionZeroAndNoMapAreRefused) {
  EXPECT_NE(Parse({.magic = 1}), nullptr);
  EXPECT_NE(Parse({.version = 0}), nullptr);
  EXPECT_NE(Parse({.ranges = 0}), nullptr);
}

TEST_F(PvhTest, WhatCannotBeReadIsRefused) {
  EXPECT_NE(Parse({.modules = 2}), nullptr);
  EXPECT_NE(Parse({.line = 0x8000}), nullptr);
  EXPECT_NE(Parse({.map = 0x8000}), nullptr);
  EXPECT_NE(Parse({.ranges = 3}), nullptr);
  EXPECT_NE(ParsePvh(memory_, 0x8000, *info_), nullptr);
}

TEST_F(PvhTest, CommandLineWithoutAnEndIsRefused) {
  memory_.Place(kLine, std::string(100, 'x'));
  EXPECT_NE(Parse({}), nullptr);
  memory_.Place(kLine, std::string(BootInfo::kMostTextBytes * 2, 'x'));
  EXPECT_NE(Parse({}), nullptr);
}

}  // namespace
}  // namespace toro::baremetal
