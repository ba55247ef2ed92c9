#include "platform/baremetal/cpu/page_tables.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <tuple>
#include <vector>

#include "core/base/units.h"

namespace toro::baremetal {
namespace {

std::vector<void*> taken;
size_t pages_left = 0;

// Table pages are host memory, filled with rubbish: an address is an address.
void* Take() {
  if (pages_left == 0) return nullptr;
  --pages_left;
  void* page = std::aligned_alloc(kPageBytes, kPageBytes);
  std::memset(page, 0xa5, kPageBytes);
  taken.push_back(page);
  return page;
}

class PageTablesTest : public testing::Test {
 protected:
  PageTablesTest() {
    pages_left = 100;
    root_ = static_cast<uint64_t*>(Take());
    std::memset(root_, 0, kPageBytes);
  }
  ~PageTablesTest() override {
    for (void* page : taken) std::free(page);
    taken.clear();
  }
  PageTables tables() { return PageTables(root_); }
  size_t used() const { return taken.size(); }

  uint64_t* root_;
};

TEST_F(PageTablesTest, WhatNobodyMappedIsAbsent) {
  ASSERT_TRUE(tables().Map(2 * kMiB, 4 * kMiB, Rights::kReadWrite, Take));
  EXPECT_EQ(tables().Find(0), 0u);
  EXPECT_EQ(tables().Find(2 * kMiB - 1), 0u);
  EXPECT_EQ(tables().Find(4 * kMiB), 0u);
  EXPECT_EQ(tables().Find(512 * kGiB), 0u);
}

TEST_F(PageTablesTest, AlignedMemoryIsLargePagesAndNeedsNoTable) {
  ASSERT_TRUE(tables().Map(kGiB, 2 * kGiB, Rights::kReadWrite, Take));
  EXPECT_EQ(used(), 3u);
  EXPECT_EQ(tables().Find(kGiB + 6 * kMiB + 5) & 0x000fffffffe00000, kGiB + 6 * kMiB);
  EXPECT_TRUE(tables().Find(kGiB) & PageTables::kLarge);
}

TEST_F(PageTablesTest, UnalignedEndsAreSmallPages) {
  ASSERT_TRUE(tables().Map(2 * kMiB - 2 * kPageBytes, 4 * kMiB + kPageBytes, Rights::kReadOnly, Take));
  EXPECT_EQ(tables().Find(2 * kMiB - 3 * kPageBytes), 0u);
  EXPECT_FALSE(tables().Find(2 * kMiB - 2 * kPageBytes) & PageTables::kLarge);
  EXPECT_TRUE(tables().Find(2 * kMiB) & PageTables::kLarge);
  EXPECT_FALSE(tables().Find(4 * kMiB) & PageTables::kLarge);
  EXPECT_EQ(tables().Find(4 * kMiB + kPageBytes), 0u);
}

TEST_F(PageTablesTest, NoRightIsBothWritableAndExecutable) {
  for (Rights rights : {Rights::kCode, Rights::kReadOnly, Rights::kReadWrite, Rights::kDevice}) {
    ASSERT_TRUE(tables().Map(8 * kMiB, 10 * kMiB, rights, Take));
    uint64_t entry = tables().Find(8 * kMiB);
    EXPECT_FALSE(PageTables::IsWritable(entry) && PageTables::IsExecutable(entry));
    EXPECT_EQ(PageTables::IsExecutable(entry), rights == Rights::kCode);
    EXPECT_EQ(PageTables::IsWritable(entry), rights == Rights::kReadWrite || rights == Rights::kDevice);
    EXPECT_EQ((entry & 0x18) != 0, rights == Rights::kDevice);
  }
}

TEST_F(PageTablesTest, GuardPageSplitsItsLargePageAndNothingElseChanges) {
  ASSERT_TRUE(tables().Map(4 * kMiB, 8 * kMiB, Rights::kReadWrite, Take));
  uint64_t guard = 4 * kMiB + 5 * kPageBytes;
  ASSERT_TRUE(tables().SetPresent(guard, false, Take));
  EXPECT_EQ(tables().Find(guard), 0u);
  for (uint64_t page = 4 * kMiB; page < 6 * kMiB; page += kPageBytes) {
    if (page == guard) continue;
    EXPECT_EQ(tables().Find(page) & 0x000ffffffffff000, page);
    EXPECT_TRUE(PageTables::IsWritable(tables().Find(page)));
    EXPECT_FALSE(PageTables::IsExecutable(tables().Find(page)));
  }
  EXPECT_TRUE(tables().Find(6 * kMiB) & PageTables::kLarge);
  size_t before = used();
  ASSERT_TRUE(tables().SetPresent(guard, true, Take));
  EXPECT_TRUE(PageTables::IsWritable(tables().Find(guard)));
  EXPECT_EQ(used(), before);
}

// The bits 3 and 4 of an entry choose among the first four page attributes: cached, write-combining, (weakly) uncached,
// uncached.
TEST_F(PageTablesTest, OnePageGetsOtherRightsAndNothingElseChanges) {
  ASSERT_TRUE(tables().Map(4 * kMiB, 6 * kMiB, Rights::kReadWrite, Take));
  uint64_t page = 4 * kMiB + 7 * kPageBytes;
  ASSERT_TRUE(tables().Split(page, Take));
  for (auto [rights, writable, attribute] :
       {std::tuple{Rights::kReadOnly, false, 0u}, std::tuple{Rights::kDevice, true, 3u},
        std::tuple{Rights::kWriteCombining, true, 1u}, std::tuple{Rights::kReadWrite, true, 0u}}) {
    pages_left = 0;
    ASSERT_TRUE(tables().SetRights(page, rights, Take));
    EXPECT_EQ(PageTables::IsWritable(tables().Find(page)), writable);
    EXPECT_EQ(tables().Find(page) >> 3 & 3, attribute);
    EXPECT_FALSE(PageTables::IsExecutable(tables().Find(page)));
    for (uint64_t other : {page - kPageBytes, page + kPageBytes}) {
      EXPECT_TRUE(PageTables::IsWritable(tables().Find(other)));
      EXPECT_EQ(tables().Find(other) >> 3 & 3, 0u);
    }
  }
}

TEST_F(PageTablesTest, EveryEntryIsAccessedAndDirtyFromTheStart) {
  ASSERT_TRUE(tables().Map(4 * kMiB, 6 * kMiB + kPageBytes, Rights::kReadWrite, Take));
  EXPECT_EQ(tables().Find(4 * kMiB) & 0x60, 0x60u);
  EXPECT_EQ(tables().Find(6 * kMiB) & 0x60, 0x60u);
}

TEST_F(PageTablesTest, DrySourceIsReported) {
  pages_left = 1;
  EXPECT_FALSE(tables().Map(2 * kMiB, 4 * kMiB, Rights::kReadWrite, Take));
  pages_left = 1;  // the first try has kept its pointer table
  ASSERT_TRUE(tables().Map(2 * kMiB, 4 * kMiB, Rights::kReadWrite, Take));
  EXPECT_FALSE(tables().SetPresent(2 * kMiB, false, Take));
  EXPECT_TRUE(tables().Find(2 * kMiB) & PageTables::kLarge);
}

}  // namespace
}  // namespace toro::baremetal
