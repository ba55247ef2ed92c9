#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "drivers/acpi/fadt.h"
#include "drivers/acpi/madt.h"
#include "drivers/acpi/sleep_state.h"
#include "drivers/acpi/tables.h"
#include "drivers/reg/fake_physical_memory.h"

namespace toro::acpi {
namespace {

using reg::Bytes;

constexpr uint64_t kRsdp = 0xf5000, kXsdt = 0x10000, kRsdt = 0x11000, kMadt = 0x12000, kFadt = 0x13000, kDsdt = 0x14000;

// Sets the byte at `at` so that the first `count` bytes add up to 0.
void FixSum(std::string& bytes, size_t at, size_t count) {
  bytes[at] = 0;
  unsigned sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<unsigned char>(bytes[i]);
  bytes[at] = static_cast<char>(-sum);
}

std::string TableBytes(const char* signature, const std::string& body) {
  Bytes bytes;
  bytes.PutText(signature).Put32(static_cast<uint32_t>(kHeaderBytes + body.size())).PadTo(kHeaderBytes).PutText(body);
  FixSum(bytes.text(), 9, bytes.text().size());
  return bytes.text();
}

std::string RsdpBytes(uint8_t revision, uint32_t rsdt, uint64_t xsdt) {
  Bytes bytes;
  bytes.PutText("RSD PTR ").Put8(0).PutText("TOROTS").Put8(revision).Put32(rsdt).Put32(36).Put64(xsdt).Put32(0);
  FixSum(bytes.text(), 8, 20);
  FixSum(bytes.text(), 32, 36);
  return bytes.text();
}

std::string LocalApicEntry(uint8_t apic_id, uint32_t flags) {
  return Bytes().Put8(0).Put8(8).Put8(apic_id).Put8(apic_id).Put32(flags).text();
}
std::string X2ApicEntry(uint32_t apic_id, uint32_t flags) {
  return Bytes().Put8(9).Put8(16).Put16(0).Put32(apic_id).Put32(flags).Put32(0).text();
}
std::string MadtBytes(const std::string& entries) {
  return TableBytes("APIC", Bytes().Put32(0xfee00000).Put32(1).PutText(entries).text());
}

class AcpiTest : public testing::Test {
 protected:
  AcpiTest() {
    memory_.Place(kRsdp, RsdpBytes(2, kRsdt, kXsdt));
    memory_.Place(kXsdt, TableBytes("XSDT", Bytes().Put64(kFadt).Put64(kMadt).text()));
    memory_.Place(kRsdt, TableBytes("RSDT", Bytes().Put32(kMadt).text()));
    memory_.Place(kMadt, MadtBytes(LocalApicEntry(0, 1)));
    memory_.Place(kFadt, TableBytes("FACP", std::string(100, '\0')));
  }
  Lookup Find(const char* signature) { return FindTable(memory_, kRsdp, signature, table_); }

  reg::FakePhysicalMemory memory_;
  Table table_;
};

TEST_F(AcpiTest, TableIsFoundThroughTheWideRootTable) {
  EXPECT_EQ(Find("APIC"), Lookup::kFound);
  EXPECT_EQ(table_.address, kMadt);
}

TEST_F(AcpiTest, RevisionZeroUsesTheNarrowRootTable) {
  memory_.Place(kRsdp, RsdpBytes(0, kRsdt, 0x99999));
  EXPECT_EQ(Find("APIC"), Lookup::kFound);
  EXPECT_EQ(Find("FACP"), Lookup::kMissing);
}

TEST_F(AcpiTest, RootPointerIsFoundWhereTheBiosLeavesIt) {
  EXPECT_EQ(ScanForRootPointer(memory_), kRsdp);
  EXPECT_EQ(FindTable(memory_, 0, "APIC", table_), Lookup::kFound);
  reg::FakePhysicalMemory ebda;
  ebda.Place(0x40e, Bytes().Put16(0x9fc0).text());
  ebda.Place(0x9fc00, std::string(0x20, '\0') + RsdpBytes(0, kRsdt, 0));
  EXPECT_EQ(ScanForRootPointer(ebda), 0x9fc20u);
  reg::FakePhysicalMemory empty;
  EXPECT_EQ(FindTable(empty, 0, "APIC", table_), Lookup::kNoRootPointer);
}

TEST_F(AcpiTest, WrongChecksumIsNamedAtEachLevel) {
  memory_.piece(kMadt)[40] ^= 1;
  EXPECT_EQ(Find("APIC"), Lookup::kBadTable);
  memory_.piece(kXsdt)[20] ^= 1;
  EXPECT_EQ(Find("APIC"), Lookup::kBadRootTable);
  memory_.piece(kRsdp)[33] ^= 1;
  EXPECT_EQ(Find("APIC"), Lookup::kBadRootPointer);
}

TEST_F(AcpiTest, TruncatedTableIsBad) {
  memory_.piece(kMadt).pop_back();
  EXPECT_EQ(Find("APIC"), Lookup::kBadTable);
}

TEST_F(AcpiTest, LengthBelowTheHeaderIsBad) {
  memory_.piece(kMadt).replace(4, 4, std::string("\x08\0\0\0", 4));
  EXPECT_EQ(Find("APIC"), Lookup::kBadTable);
}

std::vector<uint32_t> Ids(const std::string& entries, size_t room = 300) {
  std::string bytes = MadtBytes(entries);
  Table table{reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<uint32_t>(bytes.size()), kMadt};
  std::vector<uint32_t> ids(room);
  int count = ReadLocalApicIds(table, ids);
  if (count < 0) return {9999};
  ids.resize(std::min(room, static_cast<size_t>(count)));
  return ids;
}

TEST(MadtTest, EnabledCpusAreListedWithTheirGaps) {
  EXPECT_EQ(Ids(LocalApicEntry(0, 1) + LocalApicEntry(2, 0) + LocalApicEntry(4, 1) + LocalApicEntry(6, 3)),
            (std::vector<uint32_t>{0, 4, 6}));
}

TEST(MadtTest, CpuListedInBothFormsCountsOnce) {
  EXPECT_EQ(Ids(LocalApicEntry(0, 1) + X2ApicEntry(0, 1) + X2ApicEntry(300, 1) + X2ApicEntry(301, 0)),
            (std::vector<uint32_t>{0, 300}));
}

TEST(MadtTest, OtherEntriesAreSkipped) {
  std::string io_apic = Bytes().Put8(1).Put8(12).PadTo(12).text();
  EXPECT_EQ(Ids(io_apic + LocalApicEntry(1, 1) + io_apic), (std::vector<uint32_t>{1}));
}

TEST(MadtTest, ManyCpusAreAllCounted) {
  std::string entries;
  for (uint32_t i = 0; i < 288; ++i) entries += X2ApicEntry(i, 1);
  EXPECT_EQ(Ids(entries).size(), 288u);
  EXPECT_EQ(Ids(entries, 256).size(), 256u);
}

TEST(MadtTest, EntryBeyondTheTableIsAnError) {
  EXPECT_EQ(Ids(LocalApicEntry(0, 1) + std::string("\0\x08\x01", 3)), (std::vector<uint32_t>{9999}));
  EXPECT_EQ(Ids(std::string("\0", 1)), (std::vector<uint32_t>{9999}));
  EXPECT_EQ(Ids(std::string("\0\0\0\0", 4)), (std::vector<uint32_t>{9999}));
}

// A FADT of `size` bytes with every field that is read.
Fadt ReadMadeFadt(size_t size, uint32_t flags) {
  std::string bytes(276, '\0');
  auto put = [&bytes](size_t at, uint64_t value, size_t count) {
    bytes.replace(at, count, reinterpret_cast<const char*>(&value), count);
  };
  put(40, 0x7000, 4);
  put(64, 0x604, 4);
  put(68, 0x704, 4);
  put(76, 0x608, 4);
  put(91, 4, 1);
  put(112, flags, 4);
  put(140, 0x9000, 8);
  put(244, 1, 1);
  put(248, 0xb004, 8);
  Table table{reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<uint32_t>(size), kFadt};
  return ReadFadt(table);
}

TEST(FadtTest, PortsAndTablesAreRead) {
  Fadt fadt = ReadMadeFadt(276, 0);
  EXPECT_EQ(fadt.dsdt, 0x9000u);
  EXPECT_EQ(fadt.pm1a_control_port, 0x604);
  EXPECT_EQ(fadt.pm1b_control_port, 0x704);
  EXPECT_EQ(fadt.pm_timer_port, 0x608);
  EXPECT_EQ(fadt.sleep_control_address, 0u);
}

TEST(FadtTest, HardwareReducedMachineHasASleepRegisterAndNoTimer) {
  Fadt fadt = ReadMadeFadt(276, 1 << 20);
  EXPECT_EQ(fadt.pm1a_control_port, 0);
  EXPECT_EQ(fadt.pm_timer_port, 0);
  EXPECT_EQ(fadt.sleep_control_address, 0xb004u);
  EXPECT_TRUE(fadt.sleep_control_is_port);
}

TEST(FadtTest, OldShortTableGivesWhatItHas) {
  Fadt fadt = ReadMadeFadt(116, 0);
  EXPECT_EQ(fadt.dsdt, 0x7000u);
  EXPECT_EQ(fadt.pm1a_control_port, 0x604);
  EXPECT_EQ(ReadMadeFadt(44, 0).pm1a_control_port, 0);
}

bool FindIn(const std::string& code, SleepTypes& types) {
  reg::FakePhysicalMemory memory;
  memory.Place(kDsdt, TableBytes("DSDT", code));
  return FindSoftOff(memory, kDsdt, types);
}

TEST(SleepStateTest, PackageOfConstantsIsRead) {
  SleepTypes types;
  ASSERT_TRUE(FindIn(std::string("\x10\x20\x08_S5_\x12\x06\x04\x0a\x05\x0a\x07", 14), types));
  EXPECT_EQ(types.a, 5);
  EXPECT_EQ(types.b, 7);
}

TEST(SleepStateTest, ZeroAndOneHaveOpcodesOfTheirOwn) {
  SleepTypes types;
  ASSERT_TRUE(FindIn(std::string("\x08\\_S5_\x12\x46\x00\x04\x01\x00\x00\x00", 14), types));
  EXPECT_EQ(types.a, 1);
  EXPECT_EQ(types.b, 0);
}

TEST(SleepStateTest, ReferenceToTheNameIsPassedOver) {
  SleepTypes types;
  ASSERT_TRUE(FindIn(std::string("\x70_S5_\x60\x08_S5_\x12\x04\x02\x0a\x03\x00", 17), types));
  EXPECT_EQ(types.a, 3);
}

TEST(SleepStateTest, TruncatedAndMissingPackagesAreRefused) {
  SleepTypes types;
  EXPECT_FALSE(FindIn(std::string("\x08_S5_\x12\x04\x02\x0a", 9), types));
  EXPECT_FALSE(FindIn(std::string("\x08_S5_\x12\x04\x00", 8), types));
  EXPECT_FALSE(FindIn(std::string("\x08_S4_\x12\x04\x02\x00\x00", 10), types));
  EXPECT_FALSE(FindIn("", types));
  reg::FakePhysicalMemory empty;
  EXPECT_FALSE(FindSoftOff(empty, kDsdt, types));
}

}  // namespace
}  // namespace toro::acpi
