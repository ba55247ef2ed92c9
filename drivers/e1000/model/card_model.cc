// Registers, reset, link and interrupts of the model. Frames are in model_receive.cc and model_send.cc.
#include "drivers/e1000/model/card_model.h"

#include <cstring>

namespace toro::e1000 {
namespace {

constexpr uint32_t kResetBit = 1u << 26, kSetLinkUp = 1u << 6, kMasterDisable = 1u << 2;                      // CTRL
constexpr uint32_t kFullDuplex = 1u << 0, kLinkUp = 1u << 1, kSpeed1000 = 2u << 6, kMasterActive = 1u << 19;  // STATUS
// Causes [e1000 13.4.17], and those of MSI-X [i82574 10.2].
constexpr uint32_t kLinkChanged = 1u << 2, kReceiveQueue = 1u << 20, kSendQueue = 1u << 22, kOther = 1u << 24;
constexpr uint32_t kInterruptAsserted = 1u << 31;
constexpr uint32_t kQueues = 0x1fu << 20;
constexpr uint32_t kAutoMaskByMessage = 1u << 24;  // CTRL_EXT.EIAME
constexpr uint64_t kIntervalUnitNs = 256;

}  // namespace

CardModel::CardModel(Card card, const std::array<uint8_t, 6>& address, CardSurroundings& surroundings)
    : card_(card), address_(address), surroundings_(surroundings) {
  Reset();
}

// [e1000 14.1]: as after power-on, and the address comes from the EEPROM.
void CardModel::Reset() {
  std::memset(values_, 0, sizeof values_);
  for (uint32_t i = 0; i < 6; ++i) At(i < 4 ? kAddressLow : kAddressHigh) |= uint32_t{address_[i]} << 8 * (i % 4);
  At(kAddressHigh) |= 1u << 31;
  frame_bytes_ = 0;
  held_count_ = 0;
  may_interrupt_ns_[0] = may_interrupt_ns_[1] = 0;
  UpdateInterrupts();
}

bool CardModel::IsModelled(uint32_t offset) const {
  if (offset % 4 != 0) return false;
  if (offset >= kMulticast && offset < kMulticast + 512) return true;
  switch (offset) {
    case kAutoClear:
    case kAutoMask:
    case kVectors:
    case kMessageInterval:
    case kMessageInterval + 4: return by_message();
    case kControl:
    case kStatus:
    case kControlExtended:
    case kCause:
    case kInterval:
    case kCauseSet:
    case kMaskSet:
    case kMaskClear:
    case kReceiveControl:
    case kSendControl:
    case kSendGap:
    case kReceiveBaseLow:
    case kReceiveBaseLow + 4:
    case kReceiveBytes:
    case kReceiveHead:
    case kReceiveTail:
    case kReceiveDelay:
    case kReceiveAbsoluteDelay:
    case kSendBaseLow:
    case kSendBaseLow + 4:
    case kSendBytes:
    case kSendHead:
    case kSendTail:
    case kSendDelay:
    case kSendDescriptorControl:
    case kMissed:
    case kGoodReceived:
    case kGoodSent:
    case kChecksumControl:
    case kAddressLow:
    case kAddressHigh: return true;
    default: return false;
  }
}

uint32_t CardModel::Read32(uint32_t offset) {
  ++accesses_;
  if (misbehaviour.is_gone) return ~uint32_t{0};
  if (!IsModelled(offset)) {
    Violate("read a register that the model has not");
    return 0;
  }
  switch (offset) {
    case kStatus: {
      // The link is up when the wire is and software wants it [e1000 13.4.2].
      bool up = link_ && (Value(kControl) & kSetLinkUp) != 0;
      bool active = by_message() && (Value(kControl) & kMasterDisable) == 0;
      return kFullDuplex | kSpeed1000 | (up ? kLinkUp : 0) | (active ? kMasterActive : 0);
    }
    case kCause: return ReadCause();
    case kCauseSet:
    case kMaskClear: Violate("read a register that can only be written"); return 0;
    case kMissed:
    case kGoodReceived:
    case kGoodSent: {  // [e1000 13.7]: a read clears
      uint32_t value = Value(offset);
      At(offset) = 0;
      return value;
    }
    default: return Value(offset);
  }
}

// A read clears it, and takes the interrupt back. With messages only if no cause is enabled [i82574 10.2].
uint32_t CardModel::ReadCause() {
  uint32_t causes = Value(kCause);
  if (by_message() && (causes & Value(kMaskSet)) != 0) causes |= kInterruptAsserted;
  if (!by_message() || Value(kMaskSet) == 0) At(kCause) = 0;
  UpdateInterrupts();
  return causes;
}

void CardModel::CheckRing(uint32_t bytes, uint32_t head, uint32_t tail) {
  uint32_t size = Value(bytes) / kDescriptorBytes;
  if (Value(bytes) % 128 != 0) Violate("a ring whose size is no multiple of 128 bytes");
  if (size != 0 && Value(tail) >= size) Violate("a tail beyond its ring");
  if (size != 0 && Value(head) >= size) Violate("a head beyond its ring");
}

void CardModel::Write32(uint32_t offset, uint32_t value) {
  ++accesses_;
  if (misbehaviour.is_gone) return;
  if (!IsModelled(offset)) return Violate("wrote a register that the model has not");
  switch (offset) {
    case kControl:
      At(kControl) = value;
      if ((value & kResetBit) == 0) return;
      Reset();
      if (misbehaviour.never_ends_reset) At(kControl) = kResetBit;
      return;
    case kStatus:
    case kMissed:
    case kGoodReceived:
    case kGoodSent: return Violate("wrote a register that can only be read");
    case kCause: At(kCause) &= ~value; break;  // ones clear
    case kCauseSet: At(kCause) |= value; break;
    case kMaskSet: At(kMaskSet) |= value; break;
    case kMaskClear: At(kMaskSet) &= ~value; break;
    case kReceiveTail: At(offset) = value; return CheckRing(kReceiveBytes, kReceiveHead, kReceiveTail);
    case kSendTail:
      At(offset) = value;
      CheckRing(kSendBytes, kSendHead, kSendTail);
      return Send();
    default: At(offset) = value; return;
  }
  UpdateInterrupts();
}

bool CardModel::DescriptorAt(uint32_t base_register, uint32_t index, unsigned char*& bytes, uint64_t& at) {
  uint64_t base = uint64_t{Value(base_register + 4)} << 32 | Value(base_register);
  if (base % kDescriptorBytes != 0) Violate("a ring that is not aligned to 16 bytes");
  at = base + uint64_t{index} * kDescriptorBytes;
  bytes = surroundings_.MemoryAt(at, kDescriptorBytes);
  if (bytes == nullptr) Violate("a ring where no memory is");
  return bytes != nullptr;
}

void CardModel::SetLink(bool up) {
  if (link_ == up) return;
  link_ = up;
  Raise(kLinkChanged);
  if (up) Send();
}

// ---- interrupts ----

void CardModel::Raise(uint32_t causes) {
  At(kCause) |= causes;
  // What concerns no queue is told by one more cause, for the messages' sake.
  if (by_message() && (causes & ~kQueues & Value(kMaskSet)) != 0) At(kCause) |= kOther;
  UpdateInterrupts();
}

void CardModel::UpdateInterrupts() {
  if (misbehaviour.holds_interrupts) return;
  by_message() ? UpdateMessages() : UpdateWire();
}

bool CardModel::MayInterrupt(uint32_t message) {
  if (now_ns_ < may_interrupt_ns_[message]) return false;
  uint32_t interval = by_message() ? Value(kMessageInterval + 4 * message) : Value(kInterval);
  may_interrupt_ns_[message] = now_ns_ + (interval & 0xffff) * kIntervalUnitNs;
  return true;
}

bool CardModel::Loses() {
  if (misbehaviour.loses_interrupts == 0) return false;
  --misbehaviour.loses_interrupts;
  return true;
}

void CardModel::UpdateWire() {
  bool wanted = (Value(kCause) & Value(kMaskSet)) != 0;
  if (wanted == wire_ || (wanted && !MayInterrupt(0))) return;
  wire_ = wanted;
  if (!wanted || !Loses()) surroundings_.SetInterruptWire(wanted);
}

void CardModel::UpdateMessages() {
  if ((Value(kCause) & kOther) == 0) wire_ = false;
  SendMessageOf(kReceiveQueue, Value(kVectors) & 15);
  SendMessageOf(kSendQueue, Value(kVectors) >> 8 & 15);
  SendMessageOf(kOther, Value(kVectors) >> 16 & 15);
}

// If the cause is there and enabled. Then it is cleared if EIAC says so, and masked if EIAME and IAM do. `entry`: the
// number of its message, and bit 3: it has one.
void CardModel::SendMessageOf(uint32_t cause, uint32_t entry) {
  if ((Value(kCause) & Value(kMaskSet) & cause) == 0) return;
  uint32_t number = entry & 7;
  if ((entry & 8) == 0 || number > 1) return Violate("enabled a cause that has no message");
  bool clears = (Value(kAutoClear) & cause) != 0;
  if (!clears && wire_) return;  // once, until software has cleared the cause
  if (!MayInterrupt(number)) return;
  if (clears) {
    At(kCause) &= ~cause;
    if ((Value(kControlExtended) & kAutoMaskByMessage) != 0) At(kMaskSet) &= ~(cause & Value(kAutoMask));
  } else {
    wire_ = true;
  }
  if (Loses()) return;
  surroundings_.SendInterruptMessage(number);
  if (misbehaviour.doubles_messages) surroundings_.SendInterruptMessage(number);
}

void CardModel::SetTime(uint64_t now_ns) {
  now_ns_ = now_ns;
  UpdateInterrupts();
}

uint64_t CardModel::NextInterruptNs() const {
  if (misbehaviour.holds_interrupts || wire_ || (Value(kCause) & Value(kMaskSet)) == 0) return ~uint64_t{0};
  bool is_other = by_message() && (Value(kCause) & Value(kMaskSet) & kQueues & ~kOther) == 0;
  return may_interrupt_ns_[is_other ? 1 : 0];
}

void CardModel::InterruptForNothing() {
  if (by_message()) {
    surroundings_.SendInterruptMessage(0);
  } else if (!wire_) {
    surroundings_.SetInterruptWire(true);
    surroundings_.SetInterruptWire(false);
  }
}

// ---- reports ----

void CardModel::Report(uint64_t at, const unsigned char* bytes, uint8_t first, uint8_t count, bool hold) {
  if (hold && held_count_ < kMostHeld) {
    HeldReport& report = held_[held_count_++];
    report = {at, {}, first, count};
    std::memcpy(report.bytes, bytes, kDescriptorBytes);
    return;
  }
  unsigned char* memory = surroundings_.MemoryAt(at, kDescriptorBytes);
  if (memory == nullptr) return Violate("the memory of a ring has gone");
  std::memcpy(memory + first, bytes + first, count);
}

void CardModel::ReportHeld(bool reversed) {
  size_t count = held_count_;
  held_count_ = 0;
  for (size_t i = 0; i < count; ++i) {
    const HeldReport& report = held_[reversed ? count - 1 - i : i];
    Report(report.at, report.bytes, report.first, report.count, false);
  }
}

void CardModel::Scribble(uint32_t base, uint32_t index, uint8_t status) {
  unsigned char* bytes;
  uint64_t at;
  if (DescriptorAt(base, index, bytes, at)) bytes[12] = status;
}

}  // namespace toro::e1000
