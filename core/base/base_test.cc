#include <gtest/gtest.h>

#include "core/base/cpu_id.h"
#include "core/base/intrusive_list.h"
#include "core/base/result.h"
#include "core/base/units.h"

namespace toro {
namespace {

struct Item : ListLink {
  int value = 0;
};

TEST(CpuIdTest, AnIndexThatDoesNotFitNamesNoCpu) {
  EXPECT_EQ(CpuId{255}.index(), 255u);
  EXPECT_GE(CpuId{65536}.index(), kMaxCpus);
  EXPECT_GE(CpuId{~size_t{0}}.index(), kMaxCpus);
}

TEST(IntrusiveListTest, KeepsFifoOrder) {
  IntrusiveList<Item> list;
  Item items[3];
  for (int i = 0; i < 3; ++i) {
    items[i].value = i;
    list.PushBack(items[i]);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(list.PopFront()->value, i);
  EXPECT_EQ(list.PopFront(), nullptr);
}

TEST(IntrusiveListTest, RemovesFromTheMiddleAndForgetsTheLinks) {
  IntrusiveList<Item> list;
  Item a, b, c;
  list.PushBack(a);
  list.PushBack(b);
  list.PushBack(c);
  IntrusiveList<Item>::Remove(b);
  EXPECT_FALSE(b.linked());
  EXPECT_EQ(list.PopFront(), &a);
  EXPECT_EQ(list.PopFront(), &c);
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveListDeathTest, InsertingTwiceIsCaught) {
  IntrusiveList<Item> list;
  Item a;
  list.PushBack(a);
  EXPECT_DEATH(list.PushBack(a), "inserted an element that is in a list already");
}

TEST(ResultTest, HoldsAValueOrTheReason) {
  Result<int> good = 7;
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.value(), 7);
  Result<int> bad = Status::kOutOfMemory;
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status(), Status::kOutOfMemory);
  EXPECT_STREQ(StatusText(bad.status()), "out of memory in the partition");
}

TEST(ResultDeathTest, ValueOfAFailureIsCaught) {
  Result<int> bad = Status::kFull;
  EXPECT_DEATH((void)bad.value(), "look at status");
}

TEST(UnitsTest, AlignsUpAndDown) {
  EXPECT_EQ(AlignUp(0, 16), 0u);
  EXPECT_EQ(AlignUp(1, 16), 16u);
  EXPECT_EQ(AlignDown(31, 16), 16u);
  EXPECT_TRUE(IsPowerOfTwo(64));
  EXPECT_FALSE(IsPowerOfTwo(0));
  EXPECT_FALSE(IsPowerOfTwo(48));
}

TEST(CpuIdTest, IsOrderedAndDense) {
  EXPECT_LT(CpuId{1}, CpuId{2});
  EXPECT_EQ(kBootCpu.index(), 0u);
}

}  // namespace
}  // namespace toro
