#include "drivers/e1000/receive_ring.h"

namespace toro::e1000 {
namespace {

constexpr size_t kLeastFrameBytes = 14;  // the header of Ethernet

// The compiler keeps the order of what is before and after; so does the processor among loads and among stores.
void KeepOrder() { asm volatile("" : : : "memory"); }

}  // namespace

void ReceiveRing::Empty() {
  for (Packet*& packet : packets_) {
    PacketPtr released(packet);
    packet = nullptr;
  }
  first_ = next_ = used_ = unpublished_ = 0;
  in_bad_frame_ = false;
}

void ReceiveRing::Restart() {
  Empty();
  for (uint32_t i = 0; i < kSize; ++i) descriptors_[i] = {};
  Refill();
}

void ReceiveRing::Refill() {
  while (used_ < kSize - 1) {
    PacketPtr packet = pool_.Allocate(0);
    if (packet == nullptr) return;
    // All of it: a device that writes `status` alone must not find a length that was good a round ago.
    descriptors_[next_] = {packet->physical(), 0, 0, 0, 0, 0};
    packets_[next_] = packet.release();
    next_ = (next_ + 1) % kSize;
    ++used_;
    ++unpublished_;
  }
}

bool ReceiveRing::TailIsDue(uint32_t& tail) {
  if (unpublished_ == 0 || (unpublished_ < kBatch && unpublished_ < used_ - unpublished_)) return false;
  tail = PublishAll();
  return true;
}

// Null: what the device says of it cannot be, or it says that the frame is bad.
PacketPtr ReceiveRing::TakeFirst(NicStatistics& statistics) {
  KeepOrder();
  const ReceiveDescriptor descriptor = descriptors_[first_];
  PacketPtr packet(packets_[first_]);
  packets_[first_] = nullptr;
  first_ = (first_ + 1) % kSize;
  --used_;
  const bool ends = (descriptor.status & ReceiveDescriptor::kEndOfFrame) != 0;
  const bool continues = in_bad_frame_;
  in_bad_frame_ = !ends;
  if (continues) return nullptr;  // counted where it began
  const bool good = ends && (descriptor.errors & ReceiveDescriptor::kBadFrame) == 0 &&
                    descriptor.length >= kLeastFrameBytes && descriptor.length <= kPacketBytes;
  if (!good) {
    ++statistics.dropped_bad_frame;
    return nullptr;
  }
  packet->Append(descriptor.length);
  constexpr uint8_t kBoth = ReceiveDescriptor::kIpChecked | ReceiveDescriptor::kTransportChecked;
  constexpr uint8_t kMask = kBoth | ReceiveDescriptor::kIgnoreChecksum;
  constexpr uint8_t kWrong = ReceiveDescriptor::kBadIp | ReceiveDescriptor::kBadTransport;
  packet->checksum_verified = (descriptor.status & kMask) == kBoth && (descriptor.errors & kWrong) == 0;
  ++statistics.received_frames;
  statistics.received_bytes += descriptor.length;
  return packet;
}

size_t ReceiveRing::Receive(std::span<PacketPtr> burst, NicStatistics& statistics) {
  size_t count = 0;
  while (count < burst.size() && HasFrame()) {
    PacketPtr packet = TakeFirst(statistics);
    if (packet != nullptr) burst[count++] = std::move(packet);
  }
  Refill();
  return count;
}

}  // namespace toro::e1000
