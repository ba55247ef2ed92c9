#include "drivers/pci/function.h"

#include <gtest/gtest.h>

#include <vector>

#include "drivers/pci/fake_pci.h"

namespace toro::pci {
namespace {

std::vector<FunctionAddress> FunctionsOf(ConfigSpace& space, size_t most = ~size_t{0}) {
  struct Context {
    std::vector<FunctionAddress> found;
    size_t most;
  } context{{}, most};
  ForEachFunction(
      space,
      [](void* raw, FunctionAddress function, const Identity&) {
        auto& seen = *static_cast<Context*>(raw);
        seen.found.push_back(function);
        return seen.found.size() < seen.most;
      },
      &context);
  return context.found;
}

using Functions = std::vector<FunctionAddress>;

TEST(ForEachFunctionTest, LooksBehindBridgesBusByBus) {
  FakePci pci;
  pci.Add({0, 0, 0});
  pci.AddBridge({0, 1, 0}, 7);
  pci.Add({0, 31, 0});
  pci.AddBridge({7, 2, 0}, 9);
  pci.Add({9, 0, 0});
  EXPECT_EQ(FunctionsOf(pci), (Functions{{0, 0, 0}, {0, 1, 0}, {0, 31, 0}, {7, 2, 0}, {9, 0, 0}}));
}

TEST(ForEachFunctionTest, OnlyADeviceThatSaysSoHasMoreFunctions) {
  FakePci pci;
  pci.Add({0, 3, 0}, 0x8086, 1, 0x020000, 0x80);
  pci.Add({0, 3, 5});
  pci.Add({0, 4, 0});
  pci.Add({0, 4, 1});
  EXPECT_EQ(FunctionsOf(pci), (Functions{{0, 3, 0}, {0, 3, 5}, {0, 4, 0}}));
}

TEST(ForEachFunctionTest, StopsWhenTheVisitorHasSeenEnough) {
  FakePci pci;
  pci.Add({0, 0, 0});
  pci.Add({0, 1, 0});
  EXPECT_EQ(FunctionsOf(pci, 1), (Functions{{0, 0, 0}}));
}

// Bridges that lead back, to themselves, or all to the same bus.
TEST(ForEachFunctionTest, BridgesInCirclesEnd) {
  FakePci pci;
  pci.AddBridge({0, 0, 0}, 0);
  pci.AddBridge({0, 1, 0}, 5);
  pci.AddBridge({0, 2, 0}, 5);
  pci.AddBridge({5, 0, 0}, 0);
  pci.AddBridge({5, 1, 0}, 5);
  pci.AddBridge({5, 2, 0}, 4);
  EXPECT_EQ(FunctionsOf(pci).size(), 6u);
}

// Every function there can be answers as a bridge to the next bus.
TEST(ForEachFunctionTest, AFullSpaceEndsAfterEachFunctionOnce) {
  class Full final : public ConfigSpace {
   public:
    uint32_t Read32(FunctionAddress f, uint32_t offset) override {
      if (offset == 0x0c) return 0x810000;
      if (offset == 0x18) return uint32_t{f.bus + 1u} << 8;
      return 0x12345678;
    }
    void Write32(FunctionAddress, uint32_t, uint32_t) override {}
  } space;
  EXPECT_EQ(FunctionsOf(space).size(), 256u * 32 * 8);
}

TEST(ForEachFunctionTest, AnEmptySpaceCostsOneReadPerDevice) {
  FakePci pci;
  EXPECT_TRUE(FunctionsOf(pci).empty());
  EXPECT_EQ(pci.reads, 32u);
}

TEST(IdentityTest, HasVendorDeviceAndClass) {
  FakePci pci;
  pci.Add({0, 3, 0}, 0x8086, 0x10d3);
  EXPECT_EQ(ReadIdentity(pci, {0, 3, 0}), (Identity{0x8086, 0x10d3, 2, 0, 0}));
  EXPECT_EQ(ReadIdentity(pci, {0, 4, 0}).vendor, 0xffff);
}

TEST(BaseAddressTest, IsSizedWithDecodingOffAndLeftAsItWas) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  FakePci::AddMemory(f, 0, 0xfebc0000, 0x20000);
  f.At(0x04) = 7;
  BaseAddress base = ReadBaseAddress(pci, {0, 3, 0}, 0);
  EXPECT_EQ(base.kind, BaseAddress::Kind::kMemory);
  EXPECT_EQ(base.address, 0xfebc0000u);
  EXPECT_EQ(base.bytes, 0x20000u);
  EXPECT_EQ(f.At(0x10), 0xfebc0000u);
  EXPECT_EQ(f.At(0x04), 7u);
  EXPECT_FALSE(f.sized_while_decoding);
}

TEST(BaseAddressTest, WideOnesHave64Bits) {
  FakePci pci;
  FakePci::AddMemory(pci.Add({0, 3, 0}), 2, 0x38'0000'0000, uint64_t{1} << 33, true);
  BaseAddress base = ReadBaseAddress(pci, {0, 3, 0}, 2);
  EXPECT_EQ(base.address, 0x38'0000'0000u);
  EXPECT_EQ(base.bytes, uint64_t{1} << 33);
}

TEST(BaseAddressTest, PortsMayHave16Bits) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  f.At(0x14) = 0xc001;
  f.writable[0x14] = 0xffc0;
  BaseAddress base = ReadBaseAddress(pci, {0, 3, 0}, 1);
  EXPECT_EQ(base.kind, BaseAddress::Kind::kPorts);
  EXPECT_EQ(base.address, 0xc000u);
  EXPECT_EQ(base.bytes, 0x40u);
}

TEST(BaseAddressTest, WhatCannotBeIsNone) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  const FunctionAddress at{0, 3, 0};
  auto kind = [&](uint32_t index) { return ReadBaseAddress(pci, at, index).kind; };
  using enum BaseAddress::Kind;
  EXPECT_EQ(kind(0), kNone);  // reads zero, keeps nothing
  f.At(0x10) = 0xfeb00000;    // a read-only address has no size
  EXPECT_EQ(kind(0), kNone);
  FakePci::AddMemory(f, 0, 0, 0x20000);  // nobody has placed it
  EXPECT_EQ(kind(0), kNone);
  f.At(0x10) = 0xfeb00000;
  f.writable[0x10] = 0xfff0ff00;  // no power of two
  EXPECT_EQ(kind(0), kNone);
  FakePci::AddMemory(f, 4, ~uint64_t{0} << 30, uint64_t{1} << 30, true);  // ends where the addresses do
  EXPECT_EQ(kind(4), kMemory);
  f.At(0x24) = 4;  // the last one cannot be wide
  EXPECT_EQ(kind(5), kNone);
  EXPECT_EQ(kind(6), kNone);
  EXPECT_EQ(ReadBaseAddress(pci, {9, 9, 1}, 0).kind, kNone);
}

TEST(CapabilityTest, IsFoundInTheList) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  f.At(0x04) = 1 << 20;
  f.At(0x34) = 0x40;
  f.At(0x40) = 0x5001;
  f.At(0x50) = 0x00ff0005;
  EXPECT_EQ(FindCapability(pci, {0, 3, 0}, kMsiCapability), 0x50u);
  EXPECT_EQ(FindCapability(pci, {0, 3, 0}, 0x01), 0x40u);
  EXPECT_EQ(FindCapability(pci, {0, 3, 0}, kMsixCapability), 0u);
  f.At(0x04) = 0;  // no list
  EXPECT_EQ(FindCapability(pci, {0, 3, 0}, 0x01), 0u);
}

TEST(CapabilityTest, ListsThatNeverEndOrLeaveTheirPlaceEnd) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  f.At(0x04) = 1 << 20;
  f.At(0x34) = 0x40;
  f.At(0x40) = 0x4401;
  f.At(0x44) = 0x4001;
  EXPECT_EQ(FindCapability(pci, {0, 3, 0}, kMsiCapability), 0u);
  EXPECT_LT(pci.reads, 60u);
  f.At(0x34) = 0x10;  // in the header
  EXPECT_EQ(FindCapability(pci, {0, 3, 0}, kMsiCapability), 0u);
  EXPECT_EQ(FindCapability(pci, {9, 0, 0}, 0xff), 0xfcu);  // nothing there: all ones, and it ends
}

TEST(CommandTest, ChangesWhatItIsToldAndNoStatusBit) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  f.At(0x04) = 0xf9000000 | kMemorySpace | kNoWireInterrupt;
  ChangeCommand(pci, {0, 3, 0}, kBusMaster, kNoWireInterrupt);
  EXPECT_EQ(f.commands, (std::vector<uint16_t>{kMemorySpace | kBusMaster}));
}

TEST(WireIrqTest, IsNoneWithoutAPinOrALine) {
  FakePci pci;
  FakePci::Function& f = pci.Add({0, 3, 0});
  f.At(0x3c) = 0x010b;
  EXPECT_EQ(WireIrq(pci, {0, 3, 0}), 11);
  for (uint32_t none : {0x000bu, 0x01ffu, 0x0110u, 0x050bu}) {
    f.At(0x3c) = none;
    EXPECT_EQ(WireIrq(pci, {0, 3, 0}), 0xff) << none;
  }
}

}  // namespace
}  // namespace toro::pci
