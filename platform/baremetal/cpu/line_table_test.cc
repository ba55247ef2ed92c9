#include "platform/baremetal/cpu/line_table.h"

#include <gtest/gtest.h>

#include <string>

namespace toro::baremetal {
namespace {

constexpr uint64_t kImageStart = 0x100000;

void AddWord(std::string& table, uint32_t word) { table.append(reinterpret_cast<const char*>(&word), sizeof word); }

// Two blocks: 0x100 a.cc:10, 0x104 a.cc:9, 0x110 b.h:200, 0x114 a.cc:12, 0x180 a.cc:13, 0x190 nothing; and 0x1000
// b.h:7.
std::string MakeTable() {
  std::string first("\x00\x0a\x34\xf3\x0c\x01\xc8\x01\xf2\x04\x06\xf1\x6c\x02\xf1\x10\x19\x00", 18),
      second("\x01\x07\x00", 3);
  std::string table;
  constexpr uint32_t kData = 12 + 2 * 8 + 2 * 4;
  uint32_t names = kData + static_cast<uint32_t>(first.size() + second.size());
  for (uint32_t word : {0x4e494c54u, 2u, 2u, 0x100u, kData, 0x1000u, kData + static_cast<uint32_t>(first.size())}) {
    AddWord(table, word);
  }
  AddWord(table, names);
  AddWord(table, names + 5);
  return table + first + second + std::string("a.cc\0b.h\0", 9);
}

std::string Find(uint64_t offset) {
  std::string table = MakeTable();
  LineTable lines(reinterpret_cast<const unsigned char*>(table.data()), kImageStart);
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
  EXPECT_EQ(Find(0x1000), "b.h:7");
  EXPECT_EQ(Find(0x5000), "b.h:7");
}

TEST(LineTableTest, NothingIsKnownBeforeTheFirstRowAndFromLineZeroOn) {
  EXPECT_EQ(Find(0xff), ":0");
  EXPECT_EQ(Find(0x190), ":0");
  EXPECT_EQ(Find(0xfff), ":0");
}

TEST(LineTableTest, WhatIsNoTableKnowsNothing) {
  unsigned char nothing[16] = {};
  EXPECT_EQ(LineTable(nothing, kImageStart).Find(kImageStart).line, 0u);
}

}  // namespace
}  // namespace toro::baremetal
