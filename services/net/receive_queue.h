// ReceiveQueue: the packets of a stream that the application has not read, and those that came too early.
//
// INVARIANTS
//   I1. `ready` is the stream without gaps; `early` is in its order, without overlaps, and beyond a gap.
//   I2. Of bytes that come twice the first ones stay, so what was acknowledged never changes [rfc9293 3.10.7.4].
//   I3. At most kMaxEarly packets are early, so a search is short whatever the sender does. A small packet is copied
//       behind the one before it when it fits: a stream of single bytes costs no packet each.
#ifndef SERVICES_NET_RECEIVE_QUEUE_H_
#define SERVICES_NET_RECEIVE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/device/packet.h"
#include "services/net/tcp_segment.h"
#include "services/net/tcp_sequence.h"

namespace toro::net {

class ReceiveQueue {
 public:
  static constexpr size_t kMaxEarly = 128;
  static constexpr size_t kSmallBytes = 512;

  // Takes the stream's bytes from `sequence` on, all of them at or after `next`, which is what is expected. Returns
  // what is expected then.
  Sequence Add(Sequence next, Sequence sequence, PacketPtr packet, bool may_keep_early);

  // What the application can read, in bytes, and the first of them as they lie.
  size_t bytes() const { return bytes_; }
  std::span<const uint8_t> Front();
  // Drops the first `bytes` of what can be read; there must be so many.
  void Consume(size_t bytes);

  // What came early, as blocks for the sender; the one that the newest packet is in first [rfc2018 4].
  uint8_t Blocks(std::span<SequenceRange> blocks) const;
  bool has_early() const { return !early_.empty(); }

  void Clear();

 private:
  void AddReady(PacketPtr packet);
  bool AddEarly(Sequence sequence, PacketPtr packet);
  static Sequence End(const Packet& packet) { return packet.owner_word + static_cast<uint32_t>(packet.size()); }

  PacketQueue ready_;
  size_t bytes_ = 0;
  mutable PacketQueue early_;  // PacketQueue hands out packets that can be changed; Blocks changes none
  Sequence newest_ = 0;        // in early_
};

}  // namespace toro::net

#endif  // SERVICES_NET_RECEIVE_QUEUE_H_
