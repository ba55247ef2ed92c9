// ReceiveRing: the buffers that the device fills, in order [e1000 3.2.6].
//
// INVARIANTS
//   I1. The device has the descriptors from first_ on that hold a packet, but for the last unpublished_ of them, of
//       which it has not been told yet. Nothing else is ever looked at, whatever the device writes.
//   I2. A packet in the ring is empty and has no head room, so it offers all of its kPacketBytes.
//   I3. One descriptor stays unused: head and tail are the same when the device has none [e1000 3.2.6].
//
// COST. No register; the tail is due after kBatch new buffers, or when the device has fewer than it is about to get.
#ifndef DRIVERS_E1000_RECEIVE_RING_H_
#define DRIVERS_E1000_RECEIVE_RING_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/device/nic.h"
#include "drivers/e1000/descriptors.h"

namespace toro::e1000 {

class ReceiveRing {
 public:
  static constexpr uint32_t kSize = 256;  // a multiple of 8 descriptors [e1000 13.4.25]
  static constexpr uint32_t kBatch = 32;

  ReceiveRing(ReceiveDescriptor* descriptors, PacketPool& pool) : descriptors_(descriptors), pool_(pool) {}
  ~ReceiveRing() { Empty(); }

  // As after a reset of the device: it is given what the pool has.
  void Restart();

  // The device runs no more: its packets go back to the pool.
  void Empty();

  // As Nic::Receive.
  size_t Receive(std::span<PacketPtr> burst, NicStatistics& statistics);

  // Has the device finished a frame that nobody has looked at?
  bool HasFrame() const { return used_ > unpublished_ && (StatusOf(first_) & ReceiveDescriptor::kDone) != 0; }

  // Should the device hear of the new buffers now? Then `tail` is what it is told.
  bool TailIsDue(uint32_t& tail);

  // What the device has not been told of yet counts as told: at a start.
  uint32_t PublishAll() {
    unpublished_ = 0;
    return next_;
  }

 private:
  uint8_t StatusOf(uint32_t index) const { return *const_cast<const volatile uint8_t*>(&descriptors_[index].status); }
  PacketPtr TakeFirst(NicStatistics& statistics);
  void Refill();

  ReceiveDescriptor* descriptors_;
  PacketPool& pool_;
  Packet* packets_[kSize] = {};
  uint32_t first_ = 0;         // the next to be filled
  uint32_t next_ = 0;          // where the next new buffer goes
  uint32_t used_ = 0;          // buffers in the ring
  uint32_t unpublished_ = 0;   // of those, the last ones, which the device does not know of
  bool in_bad_frame_ = false;  // a frame of several buffers, dropped until its end
};

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_RECEIVE_RING_H_
