#include "platform/baremetal/boot/read_nodes.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "drivers/reg/fake_physical_memory.h"

namespace toro::baremetal {
namespace {

using reg::Bytes;

std::string X2Cpu(uint32_t domain, uint32_t apic_id) {
  return Bytes().Put8(2).Put8(24).Put16(0).Put32(domain).Put32(apic_id).Put32(1).Put64(0).text();
}
std::string Memory(uint32_t domain, uint64_t begin, uint64_t bytes) {
  return Bytes().Put8(1).Put8(40).Put32(domain).Put16(0).Put64(begin).Put64(bytes).Put32(0).Put32(1).Put64(0).text();
}

class ReadNodesTest : public testing::Test {
 protected:
  const char* Read(const std::string& entries, std::vector<uint32_t> apic_ids) {
    srat_ = Bytes().PutText("SRAT").PadTo(48).PutText(entries).text();
    srat_[8] = 3;
    acpi::Table srat = AsTable(srat_), slit = AsTable(slit_);
    return ReadNodes(srat, slit_.empty() ? nullptr : &slit, apic_ids, *map_);
  }
  void SetDistances(uint64_t domains, const std::vector<uint8_t>& distances) {
    slit_ = Bytes().PutText("SLIT").PadTo(36).Put64(domains).text() + std::string(distances.begin(), distances.end());
  }
  static acpi::Table AsTable(const std::string& bytes) {
    return {reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<uint32_t>(bytes.size()), 0};
  }

  std::string srat_, slit_;
  std::unique_ptr<NodeMap> map_ = std::make_unique<NodeMap>();
};

TEST_F(ReadNodesTest, SparseDomainsBecomeDenseNodesInTheirOrder) {
  ASSERT_EQ(Read(X2Cpu(9, 4) + X2Cpu(2, 0) + Memory(9, 0, kGiB) + Memory(2, kGiB, kGiB), {0, 4}), nullptr);
  EXPECT_EQ(map_->nodes, 2u);
  EXPECT_EQ(map_->cpu_node[0], 0);
  EXPECT_EQ(map_->cpu_node[1], 1);
  EXPECT_EQ(map_->NodeOfAddress(0), 1u);
  EXPECT_EQ(map_->NodeOfAddress(kGiB), 0u);
  EXPECT_EQ(map_->Distance(0, 1), kRemoteDistance);
}

TEST_F(ReadNodesTest, DistancesAreThoseOfTheDomains) {
  SetDistances(3, {10, 11, 12, 13, 10, 14, 15, 16, 10});
  ASSERT_EQ(Read(X2Cpu(0, 0) + X2Cpu(2, 1), {0, 1}), nullptr);
  EXPECT_EQ(map_->Distance(0, 1), 12);
  EXPECT_EQ(map_->Distance(1, 0), 15);
}

TEST_F(ReadNodesTest, CpuThatTheTableDoesNotNameIsInNoNode) {
  ASSERT_EQ(Read(X2Cpu(0, 0) + X2Cpu(0, 77), {0, 1}), nullptr);
  EXPECT_EQ(map_->NodeOf(CpuId{0}), 0u);
  EXPECT_EQ(map_->NodeOf(CpuId{1}), 1u);
}

TEST_F(ReadNodesTest, EmptyTableIsNoNode) {
  ASSERT_EQ(Read("", {0, 1}), nullptr);
  EXPECT_EQ(map_->nodes, 0u);
  EXPECT_EQ(map_->NodeOf(CpuId{1}), 0u);
}

TEST_F(ReadNodesTest, CpuInBothFormsIsOneCpu) {
  std::string narrow = Bytes().Put8(0).Put8(16).Put8(1).Put8(3).Put32(1).Put64(0).text();
  ASSERT_EQ(Read(X2Cpu(0, 0) + narrow + X2Cpu(1, 3), {0, 3}), nullptr);
  EXPECT_EQ(map_->cpu_node[1], 1);
}

TEST_F(ReadNodesTest, ContradictionsAreNamed) {
  EXPECT_STREQ(Read(X2Cpu(0, 0) + X2Cpu(1, 0), {0}), "the ACPI table of affinities (SRAT) puts one CPU into two nodes");
  EXPECT_STREQ(Read(Memory(0, 0, kGiB) + Memory(1, kGiB - 1, kGiB), {0}),
               "the ACPI table of affinities (SRAT) puts the same memory into two nodes");
  SetDistances(2, {10, 20, 20, 10});
  EXPECT_STREQ(Read(X2Cpu(2, 0), {0}),
               "the ACPI table of distances (SLIT) lacks a domain that the table of affinities (SRAT) names");
  slit_.pop_back();
  EXPECT_NE(Read(X2Cpu(0, 0), {0}), nullptr);
}

TEST_F(ReadNodesTest, MemoryOfOneNodeMayBeNamedTwice) {
  EXPECT_EQ(Read(Memory(0, 0, kGiB) + Memory(0, kMiB, kMiB) + Memory(1, kGiB, kGiB), {0}), nullptr);
}

TEST_F(ReadNodesTest, TooManyNodesAndRangesAreNamed) {
  std::string cpus, ranges;
  for (uint32_t i = 0; i < kMaxNodes; ++i) cpus = X2Cpu(i, i) + cpus;
  EXPECT_EQ(Read(cpus, {0}), nullptr);
  EXPECT_STREQ(Read(cpus + X2Cpu(99, 99), {0}), "the ACPI table of affinities (SRAT) names more than 32 nodes");
  for (uint64_t i = 0; i < kMaxNodeRanges; ++i) ranges += Memory(0, i * kMiB, kMiB);
  EXPECT_EQ(Read(ranges, {0}), nullptr);
  EXPECT_STREQ(Read(ranges + Memory(0, kGiB, 1), {0}),
               "the ACPI table of affinities (SRAT) has more than 64 ranges of memory");
}

TEST_F(ReadNodesTest, MalformedTableIsNamed) {
  EXPECT_STREQ(Read(X2Cpu(0, 0) + "\x02", {0}), "an entry of the ACPI table of affinities (SRAT) is truncated");
}

}  // namespace
}  // namespace toro::baremetal
