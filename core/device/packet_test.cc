#include "core/device/packet.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

namespace toro {
namespace {

class PacketTest : public ::testing::Test {
 protected:
  static constexpr size_t kCount = 3;

  PacketTest() {
    bytes_ = std::aligned_alloc(kPacketBytes, kCount * kPacketBytes);
    pool_.AddMemory(bytes_, 0x100000, descriptors_, kCount);
  }
  ~PacketTest() override { std::free(bytes_); }

  void* bytes_;
  alignas(std::max_align_t) uint8_t descriptors_[kCount * PacketPool::kDescriptorBytes];
  PacketPool pool_;
};

TEST_F(PacketTest, HeadersGoInFrontAndComeOffAgain) {
  PacketPtr packet = pool_.Allocate();
  std::memcpy(packet->Append(4), "data", 4);
  std::memcpy(packet->Prepend(2), "ip", 2);
  EXPECT_EQ(std::memcmp(packet->data(), "ipdata", 6), 0);
  EXPECT_EQ(packet->size(), 6u);
  EXPECT_EQ(packet->physical() % kPacketBytes, kPacketHeadRoomBytes - 2);
  packet->RemoveFront(2);
  packet->TrimTo(3);
  EXPECT_EQ(packet->size(), 3u);
  EXPECT_EQ(std::memcmp(packet->data(), "dat", 3), 0);
}

TEST_F(PacketTest, DeviceAddressFollowsTheBytes) {
  PacketPtr one = pool_.Allocate(0);
  PacketPtr other = pool_.Allocate(0);
  EXPECT_EQ(one->physical() - other->physical(), static_cast<uint64_t>(one->data() - other->data()));
}

TEST_F(PacketTest, PoolRefusesWhatItHasNotAndTakesBackWhatItGave) {
  {
    PacketPtr one = pool_.Allocate();
    PacketPtr two = pool_.Allocate();
    PacketPtr three = pool_.Allocate();
    EXPECT_EQ(pool_.free_count(), 0u);
    EXPECT_EQ(pool_.Allocate(), nullptr);
    EXPECT_EQ(pool_.refused(), 1u);
  }
  EXPECT_EQ(pool_.free_count(), kCount);
}

TEST_F(PacketTest, AllocatedPacketRemembersNothing) {
  {
    PacketPtr packet = pool_.Allocate();
    packet->Append(100);
    packet->checksum_verified = true;
    packet->checksum_start = packet->checksum_field = 9;
  }
  PacketPtr packet = pool_.Allocate(0);
  EXPECT_EQ(packet->size(), 0u);
  EXPECT_EQ(packet->tail_room(), kPacketBytes);
  EXPECT_FALSE(packet->checksum_verified);
  EXPECT_EQ(packet->checksum_start + packet->checksum_field, 0);
}

TEST_F(PacketTest, QueueKeepsTheOrderAndReleasesItsRest) {
  {
    PacketQueue queue;
    for (uint8_t i = 1; i < kCount; ++i) {
      PacketPtr packet = pool_.Allocate();
      *packet->Append(1) = i;
      queue.PushBack(std::move(packet));
    }
    PacketPtr first = pool_.Allocate();
    *first->Append(1) = 0;
    queue.PushFront(std::move(first));
    EXPECT_EQ(queue.size(), kCount);
    EXPECT_EQ(*queue.back()->data(), 2);
    EXPECT_EQ(*queue.PopFront()->data(), 0);
    EXPECT_EQ(*queue.PopFront()->data(), 1);
    EXPECT_EQ(queue.size(), 1u);
  }
  EXPECT_EQ(pool_.free_count(), kCount);
}

using PacketDeathTest = PacketTest;

TEST_F(PacketDeathTest, HeaderThatDoesNotFitIsNamed) {
  PacketPtr packet = pool_.Allocate(8);
  EXPECT_DEATH(packet->Prepend(9), "a header does not fit");
  EXPECT_DEATH(packet->Append(kPacketBytes - 7), "more data than a packet has room for");
  EXPECT_DEATH(packet->RemoveFront(1), "took more from a packet");
}

TEST_F(PacketDeathTest, DoubleReleaseIsNamed) {
  PacketPtr packet = pool_.Allocate();
  Packet* raw = packet.release();
  PacketPtr first(raw);
  first.reset();
  EXPECT_DEATH(PacketPtr(raw).reset(), "released twice");
}

}  // namespace
}  // namespace toro
