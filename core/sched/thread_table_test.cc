#include "core/sched/thread_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <vector>

#include "core/memory/test_memory.h"

namespace toro {
namespace {

class ThreadTableTest : public ::testing::Test {
 protected:
  static constexpr size_t kBytes = 4 * kMiB;

  TestMemory memory_{kBytes};
  std::unique_ptr<Partition> partition_ = std::make_unique<Partition>(kBootCpu, memory_.ranges(), 1);
  std::unique_ptr<ThreadTable> table_ = std::make_unique<ThreadTable>(kBootCpu, *partition_);
  Thread thread_;
  static constexpr Handle kJoiner = 0x1000;
};

TEST_F(ThreadTableTest, AnEndedThreadIsJoinedOnce) {
  ThreadId id = table_->Add(thread_).value();
  EXPECT_EQ(table_->End(id).handle, 0u);
  bool waits = true;
  EXPECT_EQ(table_->Join(id, {kBootCpu, kJoiner}, &waits), Status::kOk);
  EXPECT_FALSE(waits);
  EXPECT_EQ(table_->Join(id, {kBootCpu, kJoiner}, &waits), Status::kNoSuchThread);
}

// I1: who has given up has not joined, whatever was on its way to it.
TEST_F(ThreadTableTest, AJoinerThatGaveUpLeavesTheThreadToTheNext) {
  ThreadId id = table_->Add(thread_).value();
  bool waits = false;
  EXPECT_EQ(table_->Join(id, {CpuId{5}, kJoiner}, &waits), Status::kOk);
  EXPECT_EQ(table_->End(id).handle, kJoiner);
  EXPECT_EQ(table_->Join(id, {kBootCpu, kJoiner}, &waits), Status::kAlreadyJoined);
  table_->Withdraw(id, {CpuId{4}, kJoiner});  // somebody else's
  EXPECT_EQ(table_->Join(id, {kBootCpu, kJoiner}, &waits), Status::kAlreadyJoined);
  table_->Withdraw(id, {CpuId{5}, kJoiner});
  EXPECT_EQ(table_->Join(id, {CpuId{5}, kJoiner + 1}, &waits), Status::kOk);
  EXPECT_FALSE(waits);
  table_->Joined(id);
  EXPECT_EQ(table_->Join(id, {kBootCpu, kJoiner}, &waits), Status::kNoSuchThread);
}

TEST_F(ThreadTableTest, TheEndTellsTheOneWhoWaits) {
  ThreadId id = table_->Add(thread_).value();
  bool waits = false;
  EXPECT_EQ(table_->Join(id, {CpuId{5}, kJoiner}, &waits), Status::kOk);
  EXPECT_TRUE(waits);
  EXPECT_EQ(table_->Join(id, {kBootCpu, kJoiner}, &waits), Status::kAlreadyJoined);
  Joiner told = table_->End(id);
  EXPECT_EQ(told.handle, kJoiner);
  EXPECT_EQ(told.cpu, CpuId{5});
}

TEST_F(ThreadTableTest, AnEntryThatIsUsedAgainHasAnotherId) {
  ThreadId first = table_->Add(thread_).value();
  EXPECT_EQ(table_->Detach(first), Status::kOk);
  (void)table_->End(first);
  ThreadId second = table_->Add(thread_).value();
  EXPECT_EQ(second.index(), first.index());
  EXPECT_NE(second, first);
  EXPECT_EQ(table_->Detach(first), Status::kNoSuchThread);
}

// To find memory, messages are taken; some of them create threads.
TEST_F(ThreadTableTest, MayGrowWhileItGrows) {
  std::set<uint32_t> indices;
  for (int i = 0; i < 512; ++i) indices.insert(table_->Add(thread_).value().index());
  struct Reclaim {
    Partition* partition;
    ThreadTable* table;
    Thread* thread;
    std::set<uint32_t>* indices;
    void* pages;
    bool done = false;
  } reclaim{partition_.get(), table_.get(), &thread_, &indices, partition_->AllocatePages(256)};
  while (partition_->AllocatePages(1) != nullptr) continue;
  partition_->SetReclaim(
      [](void* context, int, size_t) {
        auto& r = *static_cast<Reclaim*>(context);
        if (r.done) return false;
        r.done = true;
        r.partition->FreePages(r.pages);
        for (int i = 0; i < 512; ++i) r.indices->insert(r.table->Add(*r.thread).value().index());
        return true;
      },
      &reclaim);
  indices.insert(table_->Add(thread_).value().index());
  EXPECT_TRUE(reclaim.done);
  EXPECT_EQ(indices.size(), 1025u);
}

}  // namespace
}  // namespace toro
