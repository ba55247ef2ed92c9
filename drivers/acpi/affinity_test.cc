// SRAT and SLIT, from tables made up here.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "drivers/acpi/slit.h"
#include "drivers/acpi/srat.h"
#include "drivers/reg/fake_physical_memory.h"

namespace toro::acpi {
namespace {

using reg::Bytes;

constexpr uint64_t kGiB = 1 << 30;

// FindTable has looked at signature, length and checksum.
Table AsTable(const std::string& bytes) {
  return {reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<uint32_t>(bytes.size()), 0x1000};
}

std::string SratBytes(const std::string& entries, uint8_t revision = 3) {
  Bytes bytes;
  bytes.PutText("SRAT").Put32(static_cast<uint32_t>(48 + entries.size())).Put8(revision).PadTo(36).Put32(1).PadTo(48);
  return bytes.PutText(entries).text();
}

std::string Cpu(uint32_t domain, uint8_t apic_id, uint32_t flags = 1) {
  return Bytes()
      .Put8(0)
      .Put8(16)
      .Put8(static_cast<uint8_t>(domain))
      .Put8(apic_id)
      .Put32(flags)
      .Put8(0)
      .Put8(static_cast<uint8_t>(domain >> 8))
      .Put16(static_cast<uint16_t>(domain >> 16))
      .Put32(0)
      .text();
}
std::string X2Cpu(uint32_t domain, uint32_t apic_id, uint32_t flags = 1) {
  return Bytes().Put8(2).Put8(24).Put16(0).Put32(domain).Put32(apic_id).Put32(flags).Put32(0).Put32(0).text();
}
std::string Memory(uint32_t domain, uint64_t begin, uint64_t bytes, uint32_t flags = 1) {
  return Bytes()
      .Put8(1)
      .Put8(40)
      .Put32(domain)
      .Put16(0)
      .Put64(begin)
      .Put64(bytes)
      .Put32(0)
      .Put32(flags)
      .Put64(0)
      .text();
}

// One line per entry; the last is "wrong" when the reader stopped at a problem that has `text` in it.
std::vector<std::string> Read(const std::string& srat, const std::string& text = "") {
  Table table = AsTable(srat);
  SratReader reader(table);
  std::vector<std::string> lines;
  for (Affinity a; reader.Next(a);) {
    std::string where = std::to_string(a.domain) + ": ";
    if (a.kind == Affinity::Kind::kCpu) {
      lines.push_back(where + "CPU " + std::to_string(a.apic_id));
    } else {
      lines.push_back(where + std::to_string(a.begin) + "+" + std::to_string(a.bytes) +
                      (a.hot_pluggable ? " hot" : ""));
    }
  }
  if (reader.problem() != nullptr) {
    bool expected = !text.empty() && std::string(reader.problem()).find(text) != std::string::npos;
    lines.push_back(expected ? "wrong" : reader.problem());
  }
  Affinity after;
  EXPECT_FALSE(reader.Next(after)) << "it goes on behind its end";
  return lines;
}

using Lines = std::vector<std::string>;

TEST(SratTest, CpusAndMemoryOfTheirDomainsAreRead) {
  EXPECT_EQ(Read(SratBytes(Cpu(0, 4) + X2Cpu(7, 300) + Memory(7, 4 * kGiB, kGiB) + Memory(0, 0, 0xa0000))),
            (Lines{"0: CPU 4", "7: CPU 300", "7: 4294967296+1073741824", "0: 0+655360"}));
}

TEST(SratTest, DisabledEntriesAreNoEntries) {
  EXPECT_EQ(Read(SratBytes(Cpu(0, 1, 0) + X2Cpu(0, 2, 2) + Memory(1, 0, kGiB, 2) + Cpu(0, 3))), (Lines{"0: CPU 3"}));
}

TEST(SratTest, HotPluggableMemoryIsMarked) {
  EXPECT_EQ(Read(SratBytes(Memory(1, kGiB, kGiB, 3))), (Lines{"1: 1073741824+1073741824 hot"}));
}

TEST(SratTest, UnknownKindsArePassedOver) {
  std::string initiator = Bytes().Put8(5).Put8(32).PadTo(32).text();
  std::string odd = Bytes().Put8(200).Put8(3).Put8(0).text();
  EXPECT_EQ(Read(SratBytes(initiator + odd + Cpu(1, 1))), (Lines{"1: CPU 1"}));
}

TEST(SratTest, DomainsHave32BitsFromRevision2On) {
  std::string entries = Cpu(0x12345678, 1) + X2Cpu(0x12345678, 2) + Memory(0x12345678, 0, 1);
  EXPECT_EQ(Read(SratBytes(entries, 2)), (Lines{"305419896: CPU 1", "305419896: CPU 2", "305419896: 0+1"}));
  EXPECT_EQ(Read(SratBytes(Cpu(0x12345678, 1) + Memory(0x12345678, 0, 1), 1)), (Lines{"120: CPU 1", "120: 0+1"}));
}

TEST(SratTest, EmptyTableHasNoEntries) { EXPECT_EQ(Read(SratBytes("")), Lines{}); }

TEST(SratTest, ShortHeadIsNamed) {
  EXPECT_EQ(Read(SratBytes("").substr(0, 47), "own head"), Lines{"wrong"});
  EXPECT_EQ(Read(SratBytes("").substr(0, 36), "own head"), Lines{"wrong"});
}

TEST(SratTest, TruncatedEntryIsNamed) {
  for (size_t cut = 1; cut < 16; ++cut) {
    EXPECT_EQ(Read(SratBytes(Cpu(0, 1) + Cpu(0, 2).substr(0, cut)), "truncated"), (Lines{"0: CPU 1", "wrong"})) << cut;
  }
}

TEST(SratTest, EntryWithoutLengthIsNamedAndEndsTheTable) {
  EXPECT_EQ(Read(SratBytes(std::string(2, '\0') + Cpu(0, 1)), "no length"), Lines{"wrong"});
  EXPECT_EQ(Read(SratBytes(std::string("\xc8\0", 2) + Cpu(0, 1)), "no length"), Lines{"wrong"});
  EXPECT_EQ(Read(SratBytes(std::string("\xc8\1", 2) + Cpu(0, 1)), "no length"), Lines{"wrong"});
}

TEST(SratTest, EntryShorterThanItsKindIsNamed) {
  for (auto [whole, size] : {std::pair{Cpu(0, 1), 15}, {X2Cpu(0, 1), 23}, {Memory(0, 0, 1), 39}}) {
    std::string cut = whole.substr(0, static_cast<size_t>(size));
    cut[1] = static_cast<char>(size);
    EXPECT_EQ(Read(SratBytes(cut), "shorter than its kind"), Lines{"wrong"}) << size;
  }
}

TEST(SratTest, LongerEntriesOfLaterRevisionsAreRead) {
  std::string longer = Cpu(3, 9) + std::string(8, '\x55');
  longer[1] = 24;
  EXPECT_EQ(Read(SratBytes(longer + Cpu(0, 1))), (Lines{"3: CPU 9", "0: CPU 1"}));
}

TEST(SratTest, MemoryThatWrapsAroundIsNamed) {
  EXPECT_EQ(Read(SratBytes(Memory(0, ~uint64_t{0} - 4095, 8192)), "wraps around"), Lines{"wrong"});
}

std::string SlitBytes(uint64_t domains, const std::vector<uint8_t>& distances) {
  Bytes bytes;
  bytes.PutText("SLIT").Put32(static_cast<uint32_t>(44 + distances.size())).Put8(1).PadTo(36).Put64(domains);
  return bytes.PutText(std::string(distances.begin(), distances.end())).text();
}

const char* ReadDistances(const std::string& bytes, Slit& slit) { return ReadSlit(AsTable(bytes), slit); }

TEST(SlitTest, DistancesAreReadFromRowToColumn) {
  Slit slit;
  std::string bytes = SlitBytes(2, {10, 16, 32, 10});
  ASSERT_EQ(ReadDistances(bytes, slit), nullptr);
  EXPECT_EQ(slit.domains, 2u);
  EXPECT_EQ(slit.Distance(0, 1), 16);
  EXPECT_EQ(slit.Distance(1, 0), 32);
}

TEST(SlitTest, TruncatedTableIsNamed) {
  Slit slit;
  EXPECT_NE(ReadDistances(SlitBytes(2, {10, 16, 32}), slit), nullptr);
  EXPECT_NE(ReadDistances(SlitBytes(1, {}), slit), nullptr);
  EXPECT_NE(ReadDistances(SlitBytes(1, {10}).substr(0, 43), slit), nullptr);
  EXPECT_NE(ReadDistances(SlitBytes(0, {10}), slit), nullptr);
}

TEST(SlitTest, NumbersWhoseSquareWrapsAroundAreNamed) {
  Slit slit;
  for (uint64_t domains : {uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}}) {
    EXPECT_NE(ReadDistances(SlitBytes(domains, {10, 20, 20, 10}), slit), nullptr) << domains;
  }
}

TEST(SlitTest, DistancesThatCannotBeAreNamed) {
  Slit slit;
  EXPECT_NE(ReadDistances(SlitBytes(2, {10, 10, 10, 10}), slit), nullptr);
  EXPECT_NE(ReadDistances(SlitBytes(2, {10, 20, 5, 10}), slit), nullptr);
  EXPECT_NE(ReadDistances(SlitBytes(2, {20, 30, 30, 20}), slit), nullptr);
  EXPECT_EQ(ReadDistances(SlitBytes(2, {10, 255, 255, 10}), slit), nullptr);
}

}  // namespace
}  // namespace toro::acpi
