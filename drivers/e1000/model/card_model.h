// CardModel: an 82540EM or 82574L as software sees it, register by register, written from the manuals and not from the
// driver: it shares no line with it.
//
// WHY. The driver is tested against what the manuals say, not against what one emulator does, and the hosted world has
// a card. A mistake of the driver (a register that does not exist, a tail beyond its ring, a descriptor that points to
// no memory) is a violation that a test reads, never undefined behaviour.
//
// MISBEHAVIOUR ON REQUEST. Devices are late, send interrupts twice or not at all, and write nonsense: Misbehaviour says
// what this one does.
//
// WHAT IS LEFT OUT: flash, EEPROM and PHY access, VLANs, flow control, packet splitting, management, TCP segmentation
// and the second queues of the 82574L. A driver that uses one of them gets a violation.
#ifndef DRIVERS_E1000_MODEL_CARD_MODEL_H_
#define DRIVERS_E1000_MODEL_CARD_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "drivers/reg/register_window.h"

namespace toro::e1000 {

// What is around a card.
class CardSurroundings {
 public:
  // The `bytes` bytes of memory at `physical`, or null: not all of them are memory.
  virtual unsigned char* MemoryAt(uint64_t physical, size_t bytes) = 0;
  // The interrupt wire is asserted, or no longer. Called when it changes.
  virtual void SetInterruptWire(bool asserted) = 0;
  // Message `number` of MSI-X.
  virtual void SendInterruptMessage(uint32_t number) = 0;
  // A frame leaves, without its check sequence.
  virtual void TransmitFrame(const unsigned char* frame, size_t bytes) = 0;

 protected:
  ~CardSurroundings() = default;
};

struct Misbehaviour {
  bool holds_interrupts = false;    // they come when this is false again, and something happens
  uint32_t loses_interrupts = 0;    // so many are never sent
  bool doubles_messages = false;    // each message is sent twice
  bool is_gone = false;             // reads are all ones, writes have no effect
  bool never_ends_reset = false;    // CTRL.RST stays set
  bool stops_sending = false;       // the tail of the send ring is ignored
  bool holds_reports = false;       // descriptors are worked on, and reported when ReportHeld is called
  bool tears_write_backs = false;   // a received descriptor is done before its length is written: ReportHeld does that
  bool overrides_received = false;  // the next received descriptor says what follows
  uint16_t received_length = 0;
  uint8_t received_status = 0;
  uint8_t received_errors = 0;
};

class CardModel final : public reg::RegisterWindow {
 public:
  enum class Card : uint8_t { k82540Em, k82574L };

  CardModel(Card card, const std::array<uint8_t, 6>& address, CardSurroundings& surroundings);

  uint32_t Read32(uint32_t offset) override;
  void Write32(uint32_t offset, uint32_t value) override;

  // A frame without its check sequence arrives from the wire. False: the card did not take it: it is not for it, or
  // there is no room (then MPC counts it).
  bool ReceiveFrame(const unsigned char* frame, size_t bytes);

  // Would it find a buffer for a frame now?
  bool HasRoom() const { return receiver_on() && Value(kReceiveHead) != Value(kReceiveTail); }

  void SetLink(bool up);

  // Interrupts wait for their interval [e1000 13.4.18]: the card's time is told to it.
  void SetTime(uint64_t now_ns);
  // When the next of them is due; ~0: none waits.
  uint64_t NextInterruptNs() const;

  // An interrupt for no reason.
  void InterruptForNothing();

  // What holds_reports and tears_write_backs hold back is written, the last first if `reversed`.
  void ReportHeld(bool reversed = false);
  size_t held() const { return held_count_; }

  // Writes `status` into a descriptor, whoever it belongs to.
  void ScribbleSendStatus(uint32_t index, uint8_t status) { Scribble(kSendBaseLow, index, status); }
  void ScribbleReceiveStatus(uint32_t index, uint8_t status) { Scribble(kReceiveBaseLow, index, status); }

  Misbehaviour misbehaviour;

  // What the driver did that it must not; null: nothing. The first one is kept.
  const char* violation() const { return violation_; }
  uint64_t accesses() const { return accesses_; }

 private:
  // The registers that are modelled, by their offsets [e1000 13.3].
  enum Offset : uint32_t {
    kControl = 0x0000,
    kStatus = 0x0008,
    kControlExtended = 0x0018,
    kCause = 0x00c0,
    kInterval = 0x00c4,
    kCauseSet = 0x00c8,
    kMaskSet = 0x00d0,
    kMaskClear = 0x00d8,
    kAutoClear = 0x00dc,
    kAutoMask = 0x00e0,
    kVectors = 0x00e4,
    kMessageInterval = 0x00e8,
    kReceiveControl = 0x0100,
    kSendControl = 0x0400,
    kSendGap = 0x0410,
    kReceiveBaseLow = 0x2800,
    kReceiveBytes = 0x2808,
    kReceiveHead = 0x2810,
    kReceiveTail = 0x2818,
    kReceiveDelay = 0x2820,
    kReceiveAbsoluteDelay = 0x282c,
    kSendBaseLow = 0x3800,
    kSendBytes = 0x3808,
    kSendHead = 0x3810,
    kSendTail = 0x3818,
    kSendDelay = 0x3820,
    kSendDescriptorControl = 0x3828,
    kMissed = 0x4010,
    kGoodReceived = 0x4074,
    kGoodSent = 0x4080,
    kChecksumControl = 0x5000,
    kMulticast = 0x5200,
    kAddressLow = 0x5400,
    kAddressHigh = 0x5404,
  };
  static constexpr uint32_t kSpaceBytes = 0x5800;
  static constexpr size_t kMostHeld = 512;
  static constexpr size_t kMostFrameBytes = 16288;  // [e1000 3.3.3]
  static constexpr size_t kDescriptorBytes = 16;

  // A report that waits: bytes of a descriptor.
  struct HeldReport {
    uint64_t at = 0;
    unsigned char bytes[kDescriptorBytes] = {};
    uint8_t first = 0, count = 0;
  };
  // Where a checksum is computed and put [e1000 3.3.6].
  struct Checksum {
    uint8_t start = 0, field = 0;
    uint16_t end = 0;  // inclusive; 0: the end of the frame
  };

  uint32_t Value(uint32_t offset) const { return values_[offset / 4]; }
  uint32_t& At(uint32_t offset) { return values_[offset / 4]; }
  bool receiver_on() const { return (Value(kReceiveControl) & 2) != 0 && link_; }
  bool by_message() const { return card_ == Card::k82574L; }
  void Violate(const char* what) {
    if (violation_ == nullptr) violation_ = what;
  }
  void Reset();
  bool IsModelled(uint32_t offset) const;
  uint32_t ReadCause();
  void CheckRing(uint32_t bytes, uint32_t head, uint32_t tail);
  bool DescriptorAt(uint32_t base, uint32_t index, unsigned char*& bytes, uint64_t& at);
  void Scribble(uint32_t base, uint32_t index, uint8_t status);

  void Raise(uint32_t causes);
  void UpdateInterrupts();
  void UpdateWire();
  void UpdateMessages();
  void SendMessageOf(uint32_t cause, uint32_t entry);
  bool MayInterrupt(uint32_t message);
  bool Loses();

  bool AcceptsAddress(const unsigned char* frame) const;
  void CheckSums(const unsigned char* frame, size_t bytes, uint8_t& status, uint8_t& errors) const;
  void WriteBackReceived(uint64_t at, const unsigned char* descriptor, uint16_t length, uint8_t status, uint8_t errors);
  void Report(uint64_t at, const unsigned char* bytes, uint8_t first, uint8_t count, bool hold);

  void Send();
  void SendOne(uint64_t at, const unsigned char* descriptor);
  void TakeData(const unsigned char* descriptor);
  void FinishFrame();
  void Fill(const Checksum& checksum);

  const Card card_;
  const std::array<uint8_t, 6> address_;
  CardSurroundings& surroundings_;
  uint32_t values_[kSpaceBytes / 4] = {};
  const char* violation_ = nullptr;
  uint64_t accesses_ = 0;

  bool link_ = true;
  bool wire_ = false;  // asserted; with messages: the one of a cause that nothing clears by itself is out
  uint64_t now_ns_ = 0;
  uint64_t may_interrupt_ns_[2] = {};  // per message; the wire is the first

  Checksum ip_sum_, transport_sum_;
  uint8_t options_ = 0;  // of the frame that is gathered: which sums to fill
  unsigned char frame_[kMostFrameBytes];
  size_t frame_bytes_ = 0;

  HeldReport held_[kMostHeld];
  size_t held_count_ = 0;
};

}  // namespace toro::e1000

#endif  // DRIVERS_E1000_MODEL_CARD_MODEL_H_
