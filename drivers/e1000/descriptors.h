// The descriptors in the rings [e1000 3.2.3] [e1000 3.3], which driver and device write in turn.
//
// LAYOUT. 16 bytes each, little-endian. The device writes a received descriptor's `status` with or after the rest, and
// done is its first bit; in a sent one it writes `status` only.
#ifndef DRIVERS_E1000_DESCRIPTORS_H_
#define DRIVERS_E1000_DESCRIPTORS_H_

#include <cstdint>

namespace toro::e1000 {

struct ReceiveDescriptor {
  uint64_t address;
  uint16_t length;
  uint16_t checksum;
  uint8_t status;
  uint8_t errors;
  uint16_t special;

  // Of `status` [e1000 3.2.3.1].
  static constexpr uint8_t kDone = 1 << 0, kEndOfFrame = 1 << 1, kIgnoreChecksum = 1 << 2, kTransportChecked = 1 << 5,
                           kIpChecked = 1 << 6;
  // Of `errors` [e1000 3.2.3.2].
  static constexpr uint8_t kBadFrame = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 7, kBadTransport = 1 << 5,
                           kBadIp = 1 << 6;
};
static_assert(sizeof(ReceiveDescriptor) == 16);

// A descriptor that describes data [e1000 3.3.7], or where checksums go in those that follow [e1000 3.3.6].
struct SendDescriptor {
  uint64_t low;      // data: the address. Context: see ChecksumContext
  uint32_t command;  // data: length in bits 0..19; type in bits 20..23; command above
  uint8_t status;
  uint8_t options;  // data: which checksums to fill
  uint16_t special;

  static constexpr uint32_t kContext = 0, kData = 1 << 20, kExtended = uint32_t{1} << 29;
  static constexpr uint32_t kEndOfFrame = 1 << 24, kFrameChecksum = 1 << 25, kReport = 1 << 27;
  static constexpr uint8_t kDone = 1 << 0;           // of `status`
  static constexpr uint8_t kFillTransport = 1 << 1;  // of `options`

  // The transport checksum: from byte `start` to the end of the frame, into the two bytes at `field`. The same offsets
  // in the fields of the IP checksum, which is not asked for.
  static constexpr uint64_t ChecksumContext(uint8_t start, uint8_t field) {
    return uint64_t{start} << 32 | uint64_t{field} << 40;
  }
};
static_assert(sizeof(SendDescriptor) == 16);

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_DESCRIPTORS_H_
