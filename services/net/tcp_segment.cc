#include "services/net/tcp_segment.h"

#include <algorithm>

#include "services/net/byte_order.h"

namespace toro::net {
namespace {

constexpr uint8_t kEndOfOptions = 0;
constexpr uint8_t kNoOperation = 1;
constexpr uint8_t kMss = 2;
constexpr uint8_t kWindowScale = 3;
constexpr uint8_t kSackPermitted = 4;
constexpr uint8_t kSack = 5;
constexpr uint8_t kTimestamps = 8;

}  // namespace

void TcpOptions::Parse(const uint8_t* bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    uint8_t kind = bytes[at];
    if (kind == kEndOfOptions) return;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= size) return;
    size_t length = bytes[at + 1];
    if (length < 2 || length > size - at) return;
    const uint8_t* value = bytes + at + 2;
    if (kind == kMss && length == 4) {
      mss = Load16(value);
    } else if (kind == kWindowScale && length == 3) {
      has_window_shift = true;
      window_shift = std::min(value[0], kMaxWindowShift);
    } else if (kind == kSackPermitted && length == 2) {
      sack_permitted = true;
    } else if (kind == kTimestamps && length == 10) {
      has_timestamp = true;
      timestamp = Load32(value);
      timestamp_echo = Load32(value + 4);
    } else if (kind == kSack && length >= 10 && (length - 2) % 8 == 0) {
      sack_blocks = static_cast<uint8_t>(std::min<size_t>((length - 2) / 8, kMaxSackBlocks));
      for (size_t i = 0; i < sack_blocks; ++i) sack[i] = {Load32(value + 8 * i), Load32(value + 8 * i + 4)};
    }
    at += length;
  }
}

size_t TcpOptions::Bytes() const {
  return (mss != 0 ? 4 : 0) + (has_window_shift ? 4 : 0) + (sack_permitted ? 4 : 0) + (has_timestamp ? 12 : 0) +
         (sack_blocks != 0 ? 4 + 8 * size_t{sack_blocks} : 0);
}

// Each option is padded in front to a multiple of four bytes.
void TcpOptions::Write(uint8_t* at) const {
  if (mss != 0) {
    at[0] = kMss;
    at[1] = 4;
    Store16(at + 2, mss);
    at += 4;
  }
  if (has_window_shift) {
    at[0] = kNoOperation;
    at[1] = kWindowScale;
    at[2] = 3;
    at[3] = window_shift;
    at += 4;
  }
  if (sack_permitted) {
    at[0] = at[1] = kNoOperation;
    at[2] = kSackPermitted;
    at[3] = 2;
    at += 4;
  }
  if (has_timestamp) {
    at[0] = at[1] = kNoOperation;
    at[2] = kTimestamps;
    at[3] = 10;
    Store32(at + 4, timestamp);
    Store32(at + 8, timestamp_echo);
    at += 12;
  }
  if (sack_blocks != 0) {
    at[0] = at[1] = kNoOperation;
    at[2] = kSack;
    at[3] = static_cast<uint8_t>(2 + 8 * sack_blocks);
    for (size_t i = 0; i < sack_blocks; ++i) {
      Store32(at + 4 + 8 * i, sack[i].begin);
      Store32(at + 8 + 8 * i, sack[i].end);
    }
  }
}

bool TcpSegment::Take(Packet& packet) {
  const uint8_t* at = packet.data();
  if (packet.size() < kTcpHeaderBytes) return false;
  size_t header_bytes = (at[12] >> 4) * size_t{4};
  if (header_bytes < kTcpHeaderBytes || header_bytes > packet.size()) return false;
  source_port = Load16(at);
  destination_port = Load16(at + 2);
  sequence = Load32(at + 4);
  acknowledgment = Load32(at + 8);
  flags = at[13] & 0x3f;
  window = Load16(at + 14);
  options.Parse(at + kTcpHeaderBytes, header_bytes - kTcpHeaderBytes);
  packet.RemoveFront(header_bytes);
  payload_bytes = packet.size();
  return true;
}

void TcpSegment::Prepend(Packet& packet) const {
  size_t option_bytes = options.Bytes();
  uint8_t* at = packet.Prepend(kTcpHeaderBytes + option_bytes);
  Store16(at, source_port);
  Store16(at + 2, destination_port);
  Store32(at + 4, sequence);
  Store32(at + 8, acknowledgment);
  at[12] = static_cast<uint8_t>((kTcpHeaderBytes + option_bytes) / 4 << 4);
  at[13] = flags;
  Store16(at + 14, window);
  Store32(at + 16, 0);  // checksum and urgent pointer
  options.Write(at + kTcpHeaderBytes);
}

}  // namespace toro::net
