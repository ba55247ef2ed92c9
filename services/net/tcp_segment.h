// TcpSegment: the header of a segment, to and from bytes [rfc9293 3.1], with the options of [rfc7323] and [rfc2018].
//
// Urgent data is data like any other: the pointer is neither believed nor written. (No application uses it, and parsing
// it has cost others their machines.)
#ifndef SERVICES_NET_TCP_SEGMENT_H_
#define SERVICES_NET_TCP_SEGMENT_H_

#include <cstddef>
#include <cstdint>

#include "core/device/packet.h"
#include "services/net/tcp_sequence.h"

namespace toro::net {

inline constexpr size_t kTcpHeaderBytes = 20;
inline constexpr size_t kTcpMaxOptionBytes = 40;

inline constexpr uint8_t kFin = 1;
inline constexpr uint8_t kSyn = 2;
inline constexpr uint8_t kRst = 4;
inline constexpr uint8_t kPsh = 8;
inline constexpr uint8_t kAck = 16;
inline constexpr uint8_t kUrg = 32;

struct TcpOptions {
  static constexpr size_t kMaxSackBlocks = 4;
  static constexpr uint8_t kMaxWindowShift = 14;  // [rfc7323 2.3]

  uint16_t mss = 0;  // 0: not there
  bool has_window_shift = false;
  uint8_t window_shift = 0;
  bool sack_permitted = false;
  bool has_timestamp = false;
  uint32_t timestamp = 0;
  uint32_t timestamp_echo = 0;
  uint8_t sack_blocks = 0;
  SequenceRange sack[kMaxSackBlocks];

  // Unknown options are skipped; one whose length cannot be ends the list [rfc9293 3.1: MUST-5, MUST-6, MUST-7]. One of
  // a known kind with a wrong length counts as unknown.
  void Parse(const uint8_t* bytes, size_t size);
  // How many bytes Write writes: a multiple of four, at most kTcpMaxOptionBytes.
  size_t Bytes() const;
  void Write(uint8_t* at) const;
};

struct TcpSegment {
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  Sequence sequence = 0;
  Sequence acknowledgment = 0;
  uint8_t flags = 0;
  uint16_t window = 0;  // as on the wire
  TcpOptions options;
  size_t payload_bytes = 0;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }
  // What the segment occupies of the sequence space.
  uint32_t Length() const { return static_cast<uint32_t>(payload_bytes + Has(kSyn) + Has(kFin)); }
  Sequence End() const { return sequence + Length(); }

  // Takes the header off. False: the lengths are not those of a segment.
  bool Take(Packet& packet);
  // Puts the header in front of the payload. The checksum field is zero.
  void Prepend(Packet& packet) const;
};

}  // namespace toro::net

#endif  // SERVICES_NET_TCP_SEGMENT_H_
