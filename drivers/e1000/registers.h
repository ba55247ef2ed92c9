// The registers of the 82540EM [e1000 13.4] and the 82574L [i82574 10.2] that the driver uses. Where the two differ, it
// is said; where nothing is said, they are alike.
#ifndef DRIVERS_E1000_REGISTERS_H_
#define DRIVERS_E1000_REGISTERS_H_

#include <cstdint>

#include "drivers/reg/bits.h"

namespace toro::e1000 {

using reg::Bits;

constexpr uint32_t Bit(int number) { return uint32_t{1} << number; }

struct Control {  // CTRL [e1000 13.4.1]
  static constexpr uint32_t kOffset = 0x0000;
  static constexpr Bits<Control> kFullDuplex{Bit(0)};
  static constexpr Bits<Control> kMasterDisable{Bit(2)};  // 82574 only; reserved before
  static constexpr Bits<Control> kLinkReset{Bit(3)};
  static constexpr Bits<Control> kAutoSpeed{Bit(5)};
  static constexpr Bits<Control> kSetLinkUp{Bit(6)};
  static constexpr Bits<Control> kInvertLossOfSignal{Bit(7)};
  static constexpr Bits<Control> kForceSpeed{Bit(11)};
  static constexpr Bits<Control> kForceDuplex{Bit(12)};
  static constexpr Bits<Control> kReset{Bit(26)};
  static constexpr Bits<Control> kVlanMode{Bit(30)};
  static constexpr Bits<Control> kPhyReset{Bit(31)};
};

struct DeviceStatus {  // STATUS [e1000 13.4.2]
  static constexpr uint32_t kOffset = 0x0008;
  static constexpr Bits<DeviceStatus> kLinkUp{Bit(1)};
  static constexpr Bits<DeviceStatus> kGone{~uint32_t{0}};  // what is read when nothing answers
};

struct ControlExtended {  // CTRL_EXT [i82574 10.2]
  static constexpr uint32_t kOffset = 0x0018;
  static constexpr Bits<ControlExtended> kAutoMaskByMessage{Bit(24)};  // EIAME
  static constexpr Bits<ControlExtended> kPbaSupport{Bit(31)};         // pending bits are cleared as MSI-X wants it
};

// ICR, ICS, IMS and IMC have the same bits [e1000 13.4.17] [i82574 10.2]: a template keeps the registers apart.
template <uint32_t kAt>
struct Interrupts {
  static constexpr uint32_t kOffset = kAt;
  static constexpr Bits<Interrupts> kSent{Bit(0)};            // TXDW
  static constexpr Bits<Interrupts> kLinkChanged{Bit(2)};     // LSC
  static constexpr Bits<Interrupts> kFewDescriptors{Bit(4)};  // RXDMT0
  static constexpr Bits<Interrupts> kOverrun{Bit(6)};         // RXO
  static constexpr Bits<Interrupts> kReceived{Bit(7)};        // RXT0
  static constexpr Bits<Interrupts> kReceiveQueue{Bit(20)};   // 82574, with MSI-X
  static constexpr Bits<Interrupts> kSendQueue{Bit(22)};      // likewise
  static constexpr Bits<Interrupts> kOther{Bit(24)};          // likewise
  static constexpr Bits<Interrupts> kAll{~uint32_t{0}};
};
using InterruptCause = Interrupts<0x00c0>;      // ICR: a read clears it
using InterruptEnable = Interrupts<0x00d0>;     // IMS: ones enable
using InterruptDisable = Interrupts<0x00d8>;    // IMC: ones disable
using InterruptAutoClear = Interrupts<0x00dc>;  // EIAC, 82574: cleared when their message goes out
using InterruptAutoMask = Interrupts<0x00e0>;   // IAM, 82574

struct InterruptInterval {  // ITR [e1000 13.4.18]: the least time between interrupts, in units of 256 ns
  static constexpr uint32_t kOffset = 0x00c4;
};

struct InterruptVectors {  // IVAR [i82574 10.2]: four bits each, number and valid
  static constexpr uint32_t kOffset = 0x00e4;
  static constexpr Bits<InterruptVectors> Of(uint32_t received, uint32_t sent, uint32_t other) {
    return {(received | 8) | (sent | 8) << 8 | (other | 8) << 16 | Bit(31)};  // bit 31: on every write-back of a send
  }
};

struct MessageInterval {  // EITR [i82574 10.2], one per message, units of 256 ns
  static constexpr uint32_t kOffset = 0x00e8;
};

struct ReceiveControl {  // RCTL [e1000 13.4.22]
  static constexpr uint32_t kOffset = 0x0100;
  static constexpr Bits<ReceiveControl> kEnable{Bit(1)};
  static constexpr Bits<ReceiveControl> kBroadcast{Bit(15)};
  static constexpr Bits<ReceiveControl> kBuffersOf2048{0};
  static constexpr Bits<ReceiveControl> kStripChecksum{Bit(26)};
};

struct SendControl {  // TCTL [e1000 13.4.33]
  static constexpr uint32_t kOffset = 0x0400;
  static constexpr Bits<SendControl> kEnable{Bit(1)};
  static constexpr Bits<SendControl> kPadShortFrames{Bit(3)};
  static constexpr Bits<SendControl> kCollisions{0x0f << 4 | 0x40 << 12};  // as recommended for full duplex
};

struct SendGap {  // TIPG [e1000 13.4.34]: as recommended for copper
  static constexpr uint32_t kOffset = 0x0410;
  static constexpr Bits<SendGap> kCopper{10 | 8 << 10 | 6 << 20};
};

// Both rings: address, size in bytes, the index that the device works at, and the one that it stops before.
struct ReceiveBaseLow {
  static constexpr uint32_t kOffset = 0x2800;
};
struct ReceiveBaseHigh {
  static constexpr uint32_t kOffset = 0x2804;
};
struct ReceiveBytes {
  static constexpr uint32_t kOffset = 0x2808;
};
struct ReceiveHead {
  static constexpr uint32_t kOffset = 0x2810;
};
struct ReceiveTail {
  static constexpr uint32_t kOffset = 0x2818;
};
struct ReceiveDelay {
  static constexpr uint32_t kOffset = 0x2820;
};  // RDTR
struct ReceiveAbsoluteDelay {
  static constexpr uint32_t kOffset = 0x282c;
};  // RADV
struct SendBaseLow {
  static constexpr uint32_t kOffset = 0x3800;
};
struct SendBaseHigh {
  static constexpr uint32_t kOffset = 0x3804;
};
struct SendBytes {
  static constexpr uint32_t kOffset = 0x3808;
};
struct SendHead {
  static constexpr uint32_t kOffset = 0x3810;
};
struct SendTail {
  static constexpr uint32_t kOffset = 0x3818;
};
struct SendDelay {
  static constexpr uint32_t kOffset = 0x3820;
};  // TIDV

struct SendDescriptorControl {  // TXDCTL [e1000 13.4.44] [i82574 10.2]
  static constexpr uint32_t kOffset = 0x3828;
  static constexpr Bits<SendDescriptorControl> kOneByOne{Bit(16) | Bit(24)};  // write back each, count descriptors
  static constexpr Bits<SendDescriptorControl> kMustBeSet{Bit(22)};           // 82574
};

struct MissedFrames {
  static constexpr uint32_t kOffset = 0x4010;
};  // MPC [e1000 13.7.4]: a read clears it

struct ReceiveChecksum {  // RXCSUM [e1000 13.4.27]
  static constexpr uint32_t kOffset = 0x5000;
  static constexpr Bits<ReceiveChecksum> kIpAndTransport{Bit(8) | Bit(9)};
};

struct MulticastTable {
  static constexpr uint32_t kOffset = 0x5200;
};  // MTA, 128 registers
inline constexpr uint32_t kMulticastWords = 128;

// The first receive address [e1000 13.5.2]: the card's own, which a reset loads from its EEPROM.
struct AddressLow {
  static constexpr uint32_t kOffset = 0x5400;
};
struct AddressHigh {
  static constexpr uint32_t kOffset = 0x5404;
  static constexpr Bits<AddressHigh> kValid{Bit(31)};
};

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_REGISTERS_H_
