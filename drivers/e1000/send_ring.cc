#include "drivers/e1000/send_ring.h"

namespace toro::e1000 {

void SendRing::Empty() {
  for (Packet*& packet : packets_) {
    PacketPtr released(packet);
    packet = nullptr;
  }
  first_ = next_ = used_ = unpublished_ = 0;
  context_ = {};
  waits_for_room_ = false;
}

void SendRing::Restart() {
  Empty();
  for (uint32_t i = 0; i < kSize; ++i) descriptors_[i] = {};
}

SendDescriptor& SendRing::TakeDescriptor(Packet* packet) {
  SendDescriptor& descriptor = descriptors_[next_];
  packets_[next_] = packet;
  next_ = (next_ + 1) % kSize;
  ++used_;
  ++unpublished_;
  descriptor = {};
  return descriptor;
}

size_t SendRing::Send(std::span<PacketPtr> burst, NicStatistics& statistics) {
  if (kSize - 1 - used_ < 2 * burst.size()) Reclaim();
  size_t count = 0;
  for (; count < burst.size(); ++count) {
    Packet& packet = *burst[count];
    const Context context{packet.checksum_start, packet.checksum_field};
    const bool fills = context.start != 0, changes = fills && context != context_;
    if (used_ + (changes ? 2 : 1) > kSize - 1) break;
    if (changes) {
      SendDescriptor& descriptor = TakeDescriptor(nullptr);
      descriptor.low = SendDescriptor::ChecksumContext(context.start, context.field);
      descriptor.command = SendDescriptor::kExtended | SendDescriptor::kContext;
      context_ = context;
    }
    ++statistics.sent_frames;
    statistics.sent_bytes += packet.size();
    SendDescriptor& descriptor = TakeDescriptor(&packet);
    descriptor.low = packet.physical();
    descriptor.command = static_cast<uint32_t>(packet.size()) | SendDescriptor::kData | SendDescriptor::kExtended |
                         SendDescriptor::kEndOfFrame | SendDescriptor::kFrameChecksum | SendDescriptor::kReport;
    descriptor.options = fills ? SendDescriptor::kFillTransport : 0;
    (void)burst[count].release();
  }
  statistics.refused_sends += burst.size() - count;
  waits_for_room_ = count < burst.size();
  return count;
}

// A context is not reported: it is done when the frame behind it is.
void SendRing::Reclaim() {
  while (used_ > unpublished_) {
    uint32_t reported = first_;
    while (packets_[reported] == nullptr) reported = (reported + 1) % kSize;
    const auto& status = const_cast<const volatile uint8_t&>(descriptors_[reported].status);
    if ((status & SendDescriptor::kDone) == 0) return;
    PacketPtr released(packets_[reported]);
    packets_[reported] = nullptr;
    used_ -= (reported + kSize - first_) % kSize + 1;
    first_ = (reported + 1) % kSize;
    ++reported_;
    waits_for_room_ = false;
  }
}

bool SendRing::TailIsDue(uint32_t& tail) {
  if (unpublished_ == 0) return false;
  unpublished_ = 0;
  tail = next_;
  return true;
}

}  // namespace toro::e1000
