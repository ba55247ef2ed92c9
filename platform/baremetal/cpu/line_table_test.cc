#include "platform/baremetal/cpu/line_table.h"

#include <gtest/gtest.h>

#include <string>

namespace toro::baremetal {
namespace {

constexpr uint64_t kImageStart = 0x100000;

BitDecoder::Models models;

// 0x100 a.cc:10, 0x104 a.cc:9, 0x110 b.h:200, 0x114 a.cc:12, 0x180 a.cc:13, 0x190 nothing; as
// tools/image/image_tools_test.py has it.
constexpr unsigned char kTable[] = {0x54, 0x4c, 0x49, 0x4e, 0x06, 0x00, 0x00, 0x00, 0x27, 0x00, 0x00, 0x00, 0x00,
                                    0x01, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0xfe, 0xeb, 0xf7, 0x80, 0xcf, 0xb0,
                                    0xc8, 0x1b, 0x3a, 0x37, 0x1b, 0x0e, 0xe0, 0x2b, 0x92, 0x37, 0xa0, 0xff, 0x02,
                                    0x3d, 0x44, 0xc9, 0xc5, 0xe2, 0x16, 0xe5, 0x86, 0x02, 0xff, 0xff};

std::string Find(uint64_t offset) {
  LineTable lines(kTable, kImageStart, models);
  LineTable::Hit hit = lines.Find(kImageStart + offset);
  return std::string(hit.file) + ":" + std::to_string(hit.line);
}

TEST(LineTableTest, AnAddressHasTheLineOfTheRowAtOrBeforeIt) {
  EXPECT_EQ(Find(0x100), "a.cc:10");
  EXPECT_EQ(Find(0x103), "a.cc:10");
  EXPECT_EQ(Find(0x104), "a.cc:9");
  EXPECT_EQ(Find(0x113), "b.h:200");
  EXPECT_EQ(Find(0x114), "a.cc:12");
  EXPECT_EQ(Find(0x17f), "a.cc:12");
  EXPECT_EQ(Find(0x18f), "a.cc:13");
}

TEST(LineTableTest, NothingIsKnownBeforeTheFirstRowAndFromLineZeroOn) {
  EXPECT_EQ(Find(0xff), ":0");
  EXPECT_EQ(Find(0x190), ":0");
  EXPECT_EQ(Find(0x5000), ":0");
}

TEST(LineTableTest, WhatIsNoTableKnowsNothing) {
  unsigned char nothing[16] = {};
  EXPECT_EQ(LineTable(nothing, kImageStart, models).Find(kImageStart).line, 0u);
}

}  // namespace
}  // namespace toro::baremetal
