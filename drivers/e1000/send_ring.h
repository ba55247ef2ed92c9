// SendRing: the frames that the device is to send, in order [e1000 3.4].
//
// INVARIANTS
//   I1. The descriptors from first_ to next_ belong to the device, once it has been told; what it writes into others is
//       not looked at.
//   I2. One descriptor stays unused: head and tail are the same when there is nothing to send.
//   I3. A packet stays here until the device has reported its descriptor, or runs no more.
//
// COST. No register. A descriptor per frame; one more when the place of the checksum differs from the frame before.
#ifndef DRIVERS_E1000_SEND_RING_H_
#define DRIVERS_E1000_SEND_RING_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/device/nic.h"
#include "drivers/e1000/descriptors.h"

namespace toro::e1000 {

class SendRing {
 public:
  static constexpr uint32_t kSize = 256;

  explicit SendRing(SendDescriptor* descriptors) : descriptors_(descriptors) {}
  ~SendRing() { Empty(); }

  // As after a reset of the device. What was in the ring is lost.
  void Restart();

  // The device runs no more: its packets go back to their pool.
  void Empty();

  // As Nic::Send.
  size_t Send(std::span<PacketPtr> burst, NicStatistics& statistics);

  // Releases what has been sent.
  void Reclaim();

  // Is there something that the device does not know of? Then `tail` is what it is told.
  bool TailIsDue(uint32_t& tail);

  // Has room for a frame been missing, and is there none yet?
  bool waits_for_room() const { return waits_for_room_; }

  // Frames that the device has been told of and has not reported.
  bool is_sending() const { return used_ > unpublished_; }

  // Changes whenever the device reports something.
  uint64_t reported() const { return reported_; }

 private:
  // What the device still knows of where a checksum goes.
  struct Context {
    uint8_t start = 0, field = 0;
    bool operator==(const Context&) const = default;
  };

  SendDescriptor& TakeDescriptor(Packet* packet);

  SendDescriptor* descriptors_;
  Packet* packets_[kSize] = {};  // null beside a context
  uint32_t first_ = 0;           // the oldest that the device has not reported
  uint32_t next_ = 0;
  uint32_t used_ = 0;
  uint32_t unpublished_ = 0;
  Context context_;
  bool waits_for_room_ = false;
  uint64_t reported_ = 0;
};

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_SEND_RING_H_
