// Reassembly: IPv4 datagrams that came in pieces [rfc791 3.2], within bounds that no sender can move.
//
// WHY a bitmap over one packet. A datagram that arrives in pieces may be as large as one packet, which is more than a
// host must accept [rfc1122 3.3.2]. So a piece is copied to its place, a bit stands for eight of its bytes, and there
// are no lists that overlapping or tiny pieces could lengthen. Pieces that overlap others in part end their datagram
// [rfc5722 3]; one that came before in full is a duplicate and changes nothing: the first bytes win.
#ifndef SERVICES_NET_REASSEMBLY_H_
#define SERVICES_NET_REASSEMBLY_H_

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/device/packet.h"
#include "services/net/ipv4_address.h"

namespace toro::net {

class Reassembly {
 public:
  static constexpr size_t kDatagrams = 8;                    // under way; a new one ends the oldest
  static constexpr uint64_t kTimeoutNs = 15 * kNsPerSecond;  // from the first piece on
  static constexpr size_t kHeadRoomBytes = 60 + 14;          // for the headers, in front of the payload
  static constexpr size_t kMaxBytes = kPacketBytes - kHeadRoomBytes;

  struct Counters {
    uint64_t pieces = 0;
    uint64_t completed = 0;
    uint64_t dropped = 0;  // datagrams that never came to an end, or could not be
  };

  // What the pieces of one datagram have in common [rfc791 3.2].
  struct Key {
    Ipv4Address source;
    Ipv4Address destination;
    uint16_t identification = 0;
    uint8_t protocol = 0;
    bool operator==(const Key&) const = default;
  };

  explicit Reassembly(PacketPool& pool) : pool_(pool) {}

  // One piece: the `piece.size()` bytes from `offset` on. Returns the whole payload when this was what was missing.
  PacketPtr Add(const Key& key, size_t offset, bool more_follow, const Packet& piece, uint64_t now_ns);

  const Counters& counters() const { return counters_; }
  size_t under_way() const;

 private:
  static constexpr size_t kUnit = 8;

  struct Datagram {
    Key key;
    PacketPtr packet;  // null: free
    uint64_t began_ns = 0;
    size_t bytes = 0;  // 0: the last piece has not come
    size_t received = 0;
    std::bitset<kPacketBytes / kUnit> have;
  };

  Datagram* FindOrBegin(const Key& key, uint64_t now_ns);
  PacketPtr Drop(Datagram& datagram);

  PacketPool& pool_;
  Counters counters_;
  Datagram datagrams_[kDatagrams];
};

}  // namespace toro::net

#endif  // SERVICES_NET_REASSEMBLY_H_
