#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "core/memory/test_memory.h"
#include "core/sched/guest_table.h"
#include "core/sched/handle_table.h"
#include "core/sched/thread.h"

namespace toro {
namespace {

class TablesTest : public ::testing::Test {
 protected:
  static constexpr size_t kBytes = 4 * kMiB;

  TestMemory memory_{kBytes};
  std::unique_ptr<Partition> partition_ = std::make_unique<Partition>(kBootCpu, memory_.ranges(), 1);
};

// guest_table.h, I2: what follows a removed entry is found.
TEST_F(TablesTest, GuestsAreThereFromArrivalToDeparture) {
  GuestTable guests(*partition_);
  std::vector<Thread> threads(400);
  std::set<Thread*> here;
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    Thread* thread = &threads[random() % threads.size()];
    if (here.insert(thread).second) {
      guests.Add(thread);
    } else {
      here.erase(thread);
      guests.Remove(thread);
    }
    if (i % 50 != 0) continue;
    ASSERT_EQ(guests.size(), here.size());
    for (Thread& each : threads) ASSERT_EQ(guests.Contains(&each), here.count(&each) == 1);
  }
}

// handle_table.h, I1.
TEST_F(TablesTest, AHandleFindsItsObjectUntilItIsClosedAndNothingAfterwards) {
  HandleTable handles(*partition_);
  int objects[200];
  std::vector<Handle> open, closed;
  for (int round = 0; round < 5; ++round) {
    for (int& object : objects) open.push_back(handles.Open(&object));
    for (size_t i = 0; i < open.size(); ++i) ASSERT_EQ(handles.Find<int>(open[i]), &objects[i]);
    handles.Move(open[0], &objects[7]);
    EXPECT_EQ(handles.Find<int>(open[0]), &objects[7]);
    for (Handle handle : open) handles.Close(handle);
    closed.insert(closed.end(), open.begin(), open.end());
    open.clear();
    for (Handle handle : closed) ASSERT_EQ(handles.Find<int>(handle), nullptr);
  }
  EXPECT_EQ(handles.open(), 0u);
  EXPECT_EQ(handles.Find<int>(0), nullptr);
  EXPECT_EQ(std::set<Handle>(closed.begin(), closed.end()).size(), closed.size());
}

// handle_table.h, I1: the generation that follows the last one is the first.
TEST_F(TablesTest, AHandleIsFoundAfterTheLastGeneration) {
  HandleTable handles(*partition_, HandleTable::kLastGeneration - 1);
  int object = 0;
  std::set<Handle> seen;
  for (int round = 0; round < 5; ++round) {
    Handle handle = handles.Open(&object);
    ASSERT_NE(handle >> HandleTable::kIndexBits, 0u);
    ASSERT_EQ(handles.Find<int>(handle), &object);
    handles.Close(handle);
    ASSERT_EQ(handles.Find<int>(handle), nullptr);
    ASSERT_TRUE(seen.insert(handle).second);
  }
}

}  // namespace
}  // namespace toro
