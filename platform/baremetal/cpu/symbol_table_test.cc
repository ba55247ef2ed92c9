#include "platform/baremetal/cpu/symbol_table.h"

#include <gtest/gtest.h>

#include <string>

#include "drivers/reg/fake_physical_memory.h"

namespace toro::baremetal {
namespace {

constexpr uint64_t kImage = 0x100000;

BitDecoder::Models models;

// 0x100 first, 0x200 second; as tools/image/image_tools_test.py has it.
constexpr unsigned char kTable[] = {0x54, 0x53, 0x59, 0x4d, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                    0x01, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0xf9, 0x92, 0xb4, 0x61, 0x33, 0x5a,
                                    0x57, 0x14, 0xe7, 0xda, 0x39, 0x8a, 0xbf, 0x54, 0x02, 0x02, 0xff};

TEST(SymbolTableTest, FindsTheLastSymbolAtOrBefore) {
  SymbolTable table(kTable, kImage, models);
  EXPECT_EQ(table.Find(kImage + 0x100).name, "first");
  EXPECT_EQ(table.Find(kImage + 0x1ff).name, "first");
  EXPECT_EQ(table.Find(kImage + 0x1ff).offset_bytes, 0xffu);
  EXPECT_EQ(table.Find(kImage + 0x200).name, "second");
  EXPECT_EQ(table.Find(kImage + 0x9000).offset_bytes, 0x8e00u);
}

TEST(SymbolTableTest, BeforeTheFirstSymbolNothingIsFound) {
  SymbolTable table(kTable, kImage, models);
  EXPECT_TRUE(table.Find(kImage + 0xff).name.empty());
}

TEST(SymbolTableTest, EmptyOrForeignTableHasNoSymbols) {
  std::string empty = reg::Bytes().Put32(0x4d595354).Put32(0).Put32(0).text();
  std::string foreign = reg::Bytes().Put32(1).Put32(9).text();
  for (const std::string& bytes : {empty, foreign}) {
    SymbolTable table(reinterpret_cast<const unsigned char*>(bytes.data()), kImage, models);
    EXPECT_TRUE(table.Find(kImage + 0x100).name.empty());
    EXPECT_EQ(table.lines(), nullptr);
  }
}

}  // namespace
}  // namespace toro::baremetal
