#include "core/trace/trace_ring.h"

#include <gtest/gtest.h>

namespace toro {
namespace {

TEST(TraceRingTest, TheNewestRecordsAreKept) {
  TraceRing ring;
  for (uint32_t i = 0; i < 3 * TraceRing::kOwnRecords + 5; ++i) ring.Add(TraceEvent::kReady, i, 2 * i, 3 * i);
  EXPECT_EQ(ring.count(), 3 * TraceRing::kOwnRecords + 5);
  for (uint64_t age = 0; age < TraceRing::kOwnRecords; ++age) {
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

TEST(TraceRingTest, ARecordingHasItsOwnRoomAndTheClockOfAllCpus) {
  TraceRing ring;
  EXPECT_FALSE(ring.recorded());
  static TraceRecord room[256];
  ring.Record(room, 256);
  EXPECT_TRUE(ring.recorded());
  uint64_t before_ns = Machine::NowNs();
  for (uint32_t i = 0; i < 300; ++i) ring.Add(TraceEvent::kRun, i);
  EXPECT_EQ(ring.count(), 300u);
  EXPECT_EQ(ring.kept(), 256u);
  EXPECT_EQ(ring.newest(0).number, 299u);
  EXPECT_EQ(ring.newest(255).number, 44u);
  EXPECT_EQ(&ring.newest(0), &room[43]);
  EXPECT_GE(ring.newest(255).stamp, before_ns);
  EXPECT_LE(ring.newest(0).stamp, Machine::NowNs());
}

}  // namespace
}  // namespace toro
