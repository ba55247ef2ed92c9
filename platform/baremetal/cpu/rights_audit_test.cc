#include "platform/baremetal/cpu/rights_audit.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/base/units.h"

namespace toro::baremetal {
namespace {

std::vector<void*> taken;

void* Take() {
  void* page = std::aligned_alloc(kPageBytes, kPageBytes);
  std::memset(page, 0, kPageBytes);
  taken.push_back(page);
  return page;
}

constexpr uint64_t kWritableBit = 2, kNoExecuteBit = uint64_t{1} << 63;

class RightsAuditTest : public testing::Test {
 protected:
  RightsAuditTest() {
    root_ = static_cast<uint64_t*>(Take());
    Map(kMiB, kMiB + 3 * kPageBytes, Rights::kCode);
    Map(kMiB + 3 * kPageBytes, kMiB + 4 * kPageBytes, Rights::kReadOnly);
    Map(4 * kMiB, 8 * kMiB, Rights::kReadWrite);
    Map(0xfee00000, 0xfee01000, Rights::kDevice);
  }
  ~RightsAuditTest() override {
    for (void* page : taken) std::free(page);
    taken.clear();
  }

  void Map(uint64_t begin, uint64_t end, Rights rights) {
    ASSERT_TRUE(PageTables(root_).Map(begin, end, rights, Take));
  }

  // The entry of `address` at the level whose entries cover 1 << `shift` bytes.
  uint64_t& Entry(uint64_t address, int shift) {
    uint64_t* table = root_;
    for (int at = 39;; at -= 9) {
      uint64_t& entry = table[address >> at & 511];
      if (at == shift) return entry;
      table = reinterpret_cast<uint64_t*>(entry & 0x000ffffffffff000);
    }
  }

  RightsAudit Audit() { return AuditRights(PageTables(root_)); }

  void ExpectDefect(const char* words, uint64_t begin, uint64_t end) {
    RightsAudit audit = Audit();
    ASSERT_NE(audit.defect, nullptr);
    EXPECT_NE(std::strstr(audit.defect, words), nullptr) << audit.defect;
    EXPECT_EQ(audit.where.begin, begin);
    EXPECT_EQ(audit.where.end, end);
  }

  uint64_t* root_;
};

TEST_F(RightsAuditTest, CountsEveryPageOnceByItsRightsAndFindsNoDefect) {
  ASSERT_TRUE(PageTables(root_).SetPresent(4 * kMiB, false, Take));
  RightsAudit audit = Audit();
  EXPECT_EQ(audit.code_bytes, 3 * kPageBytes);
  EXPECT_EQ(audit.read_only_bytes, kPageBytes);
  EXPECT_EQ(audit.writable_bytes, 4 * kMiB);  // a guard less, the device more
  EXPECT_EQ(audit.writable_code_bytes, 0u);
  EXPECT_EQ(audit.defect, nullptr);
}

TEST_F(RightsAuditTest, AlikeNeighboursAreOneRegion) {
  std::vector<PageTables::Region> regions;
  Map(2 * kMiB, 4 * kMiB, Rights::kReadWrite);
  ASSERT_TRUE(PageTables(root_).SetPresent(6 * kMiB, false, Take));
  PageTables(root_).Walk(
      [](void* all, const PageTables::Region& region) {
        static_cast<std::vector<PageTables::Region>*>(all)->push_back(region);
      },
      &regions);
  ASSERT_EQ(regions.size(), 5u);
  EXPECT_TRUE(regions[0].executable && !regions[0].writable && !regions[0].uncached);
  EXPECT_TRUE(!regions[1].executable && !regions[1].writable);
  EXPECT_EQ(regions[2].begin, 2 * kMiB);
  EXPECT_EQ(regions[2].end, 6 * kMiB);
  EXPECT_EQ(regions[3].begin, 6 * kMiB + kPageBytes);
  EXPECT_EQ(regions[3].end, 8 * kMiB);
  EXPECT_TRUE(regions[4].uncached && regions[4].writable);
}

TEST_F(RightsAuditTest, WritableCodeIsFoundInSmallAndInLargePages) {
  Entry(kMiB + kPageBytes, 12) |= kWritableBit;
  ExpectDefect("both writable and executable", kMiB + kPageBytes, kMiB + 2 * kPageBytes);
  EXPECT_EQ(Audit().writable_code_bytes, kPageBytes);
  Entry(kMiB + kPageBytes, 12) &= ~kWritableBit;
  Entry(6 * kMiB, 21) &= ~kNoExecuteBit;
  ExpectDefect("both writable and executable", 6 * kMiB, 8 * kMiB);
}

TEST_F(RightsAuditTest, WhatALevelAboveForbidsIsForbidden) {
  Entry(6 * kMiB, 21) &= ~kNoExecuteBit;
  Entry(6 * kMiB, 30) |= kNoExecuteBit;
  EXPECT_EQ(Audit().defect, nullptr);
  Entry(6 * kMiB, 30) &= ~(kNoExecuteBit | kWritableBit);
  EXPECT_EQ(Audit().defect, nullptr);
  EXPECT_EQ(Audit().code_bytes, 3 * kPageBytes + 2 * kMiB);
}

TEST_F(RightsAuditTest, APageOfTheNullAreaIsFound) {
  Map(kNullAreaBytes, kNullAreaBytes + kPageBytes, Rights::kReadOnly);
  EXPECT_EQ(Audit().defect, nullptr);
  Map(kNullAreaBytes - kPageBytes, kNullAreaBytes, Rights::kReadOnly);
  ExpectDefect("null pointers", kNullAreaBytes - kPageBytes, kNullAreaBytes + kPageBytes);
  Map(0, kPageBytes, Rights::kReadOnly);
  ExpectDefect("null pointers", 0, kPageBytes);
}

TEST_F(RightsAuditTest, ASecondAddressOfAPageIsFound) {
  Entry(kMiB + 2 * kPageBytes, 12) += 4 * kMiB;
  ExpectDefect("another physical address", kMiB + 2 * kPageBytes, kMiB + 3 * kPageBytes);
}

}  // namespace
}  // namespace toro::baremetal
