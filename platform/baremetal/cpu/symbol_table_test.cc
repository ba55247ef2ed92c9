#include "platform/baremetal/cpu/symbol_table.h"

#include <gtest/gtest.h>

#include <string>

#include "drivers/reg/fake_physical_memory.h"

namespace toro::baremetal {
namespace {

constexpr uint64_t kImage = 0x100000;

std::string TableBytes() {
  reg::Bytes bytes;
  bytes.Put32(0x4d595354).Put32(2).Put32(0);
  bytes.Put32(0x100).Put32(28);
  bytes.Put32(0x200).Put32(34);
  bytes.PutText(std::string("first\0second\0", 13));
  return bytes.text();
}

TEST(SymbolTableTest, FindsTheLastSymbolAtOrBefore) {
  std::string bytes = TableBytes();
  SymbolTable table(reinterpret_cast<const unsigned char*>(bytes.data()), kImage);
  EXPECT_EQ(table.Find(kImage + 0x100).name, "first");
  EXPECT_EQ(table.Find(kImage + 0x1ff).name, "first");
  EXPECT_EQ(table.Find(kImage + 0x1ff).offset_bytes, 0xffu);
  EXPECT_EQ(table.Find(kImage + 0x200).name, "second");
  EXPECT_EQ(table.Find(kImage + 0x9000).offset_bytes, 0x8e00u);
}

TEST(SymbolTableTest, BeforeTheFirstSymbolNothingIsFound) {
  std::string bytes = TableBytes();
  SymbolTable table(reinterpret_cast<const unsigned char*>(bytes.data()), kImage);
  EXPECT_TRUE(table.Find(kImage + 0xff).name.empty());
}

TEST(SymbolTableTest, EmptyOrForeignTableHasNoSymbols) {
  std::string empty = reg::Bytes().Put32(0x4d595354).Put32(0).Put32(0).text();
  std::string foreign = reg::Bytes().Put32(1).Put32(9).text();
  for (const std::string& bytes : {empty, foreign}) {
    SymbolTable table(reinterpret_cast<const unsigned char*>(bytes.data()), kImage);
    EXPECT_TRUE(table.Find(kImage + 0x100).name.empty());
  }
}

}  // namespace
}  // namespace toro::baremetal
