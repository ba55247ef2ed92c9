#include "drivers/pci/message_interrupt.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "drivers/pci/fake_pci.h"
#include "drivers/pci/function.h"

namespace toro::pci {
namespace {

constexpr FunctionAddress kCard{0, 3, 0};

FakePci::Function& CardWith(FakePci& pci, uint32_t at, uint32_t header) {
  FakePci::Function& f = pci.Add(kCard);
  f.At(0x04) = 1 << 20;
  f.At(0x34) = at;
  f.At(at) = header;
  for (uint32_t offset = at; offset < 256; offset += 4) f.writable[offset] = ~uint32_t{0};
  return f;
}

TEST(MessageTest, NamesCpuAndVector) {
  EXPECT_EQ(MessageTo(5, 0x31).address, 0xfee05000u);
  EXPECT_EQ(MessageTo(5, 0x31).data, 0x31u);
}

TEST(MsiTest, WideCapabilityTakesOneMessage) {
  FakePci pci;
  FakePci::Function& f = CardWith(pci, 0xd0, 0x00f80005);  // 64 bits, asks for 16 messages, was given 8
  EXPECT_TRUE(UseMsi(pci, kCard, MessageTo(1, 0x40)));
  EXPECT_EQ(f.At(0xd0), 0x00890005u);
  EXPECT_EQ(f.At(0xd4), 0xfee01000u);
  EXPECT_EQ(f.At(0xd8), 0u);
  EXPECT_EQ(f.At(0xdc), 0x40u);
  EXPECT_EQ(f.At(0x04) & 0xffff, uint32_t{kNoWireInterrupt});
}

TEST(MsiTest, NarrowCapabilityHasItsDataEarlier) {
  FakePci pci;
  FakePci::Function& f = CardWith(pci, 0x50, 0x00000005);
  EXPECT_TRUE(UseMsi(pci, kCard, MessageTo(1, 0x40)));
  EXPECT_EQ(f.At(0x58), 0x40u);
}

TEST(MsiTest, AbsentOrTruncatedCapabilityIsNotUsed) {
  FakePci pci;
  pci.Add(kCard);
  EXPECT_FALSE(UseMsi(pci, kCard, MessageTo(1, 0x40)));
  FakePci::Function& f = CardWith(pci, 0xf4, 0x00800005);
  EXPECT_FALSE(UseMsi(pci, kCard, MessageTo(1, 0x40)));
  EXPECT_EQ(f.At(0xf4), 0x00800005u);
}

TEST(MsixTest, TellsWhereItsTableLies) {
  FakePci pci;
  CardWith(pci, 0xa0, 0x00040011).At(0xa4) = 0x2003;
  MsixTable table = ReadMsixTable(pci, kCard);
  EXPECT_EQ(table.entries, 5u);
  EXPECT_EQ(table.base_index, 3u);
  EXPECT_EQ(table.base_offset, 0x2000u);
}

TEST(MsixTest, TableInNoBaseAddressIsNone) {
  FakePci pci;
  CardWith(pci, 0xa0, 0x00040011).At(0xa4) = 0x2006;
  EXPECT_EQ(ReadMsixTable(pci, kCard).entries, 0u);
  FakePci cut;
  CardWith(cut, 0xf8, 0x00040011);
  EXPECT_EQ(ReadMsixTable(cut, kCard).entries, 0u);
}

TEST(MsixTest, AnEntryIsMaskedWhileItIsWritten) {
  class Table final : public reg::RegisterWindow {
   public:
    uint32_t Read32(uint32_t) override { return 0; }
    void Write32(uint32_t offset, uint32_t value) override { writes.emplace_back(offset, value); }
    std::vector<std::pair<uint32_t, uint32_t>> writes;
  } table;
  WriteMsixEntry(table, 0x100, 2, MessageTo(3, 0x55));
  using Writes = std::vector<std::pair<uint32_t, uint32_t>>;
  EXPECT_EQ(table.writes, (Writes{{0x12c, 1}, {0x120, 0xfee03000}, {0x124, 0}, {0x128, 0x55}, {0x12c, 0}}));
}

TEST(MsixTest, UseEnablesAndUnmasksAll) {
  FakePci pci;
  FakePci::Function& f = CardWith(pci, 0xa0, 0x40040011);
  UseMsix(pci, kCard);
  EXPECT_EQ(f.At(0xa0), 0x80040011u);
  EXPECT_EQ(f.At(0x04) & 0xffff, uint32_t{kNoWireInterrupt});
}

}  // namespace
}  // namespace toro::pci
