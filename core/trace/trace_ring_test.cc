#include "core/trace/trace_ring.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

TEST(TraceRingTest, TheNewestRecordsAreKept) {
  TraceRing ring;
  for (uint32_t i = 0; i < 3 * TraceRing::kRecords + 5; ++i) ring.Add(TraceEvent::kReady, i, 2 * i, 3 * i);
  EXPECT_EQ(ring.count(), 3 * TraceRing::kRecords + 5);
  for (uint64_t age = 0; age < TraceRing::kRecords; ++age) {
    const TraceRecord& record = ring.newest(age);
    uint64_t number = ring.count() - 1 - age;
    EXPECT_EQ(record.event, TraceEvent::kReady);
    EXPECT_EQ(record.number, number);
    EXPECT_EQ(record.first, 2 * number);
    EXPECT_EQ(record.second, 3 * number);
  }
}

TEST(TraceRingTest, ARecordHasTheLastReadingOfTheCounter) {
  TraceRing ring;
  ring.Add(TraceEvent::kSpawn);
  EXPECT_EQ(ring.newest(0).stamp, 0u);
  ring.AddStamped(TraceEvent::kHalt);
  uint64_t stamp = ring.newest(0).stamp;
  EXPECT_GT(stamp, 0u);
  ring.Add(TraceEvent::kReady);
  EXPECT_EQ(ring.newest(0).stamp, stamp);
}

}  // namespace
}  // namespace toro
