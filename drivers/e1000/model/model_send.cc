// Frames that the model sends [e1000 3.3].
#include <cstring>

#include "drivers/e1000/model/card_model.h"
#include "drivers/e1000/model/internet_sum.h"

namespace toro::e1000 {
namespace {

constexpr uint32_t kEnable = 1u << 1, kPad = 1u << 3;  // TCTL
constexpr size_t kLeastBytes = 60;                     // without the check sequence
constexpr uint32_t kSent = 1u << 0, kEmpty = 1u << 1, kSendQueue = 1u << 22;
// Commands, in the upper byte of a descriptor's third word [e1000 3.3.7].
constexpr uint8_t kEndOfFrame = 1 << 0, kCheck = 1 << 1, kSegment = 1 << 2, kReport = 1 << 3, kExtended = 1 << 5;
constexpr uint8_t kFillIp = 1 << 0, kFillTransport = 1 << 1;  // options
constexpr uint8_t kContextType = 0, kDataType = 1;

}  // namespace

void CardModel::Send() {
  if (misbehaviour.stops_sending || !link_ || (Value(kSendControl) & kEnable) == 0) return;
  uint32_t size = Value(kSendBytes) / kDescriptorBytes;
  if (Value(kSendTail) >= size) return;
  uint32_t causes = 0;
  while (Value(kSendHead) != Value(kSendTail)) {
    unsigned char* descriptor;
    uint64_t at;
    if (!DescriptorAt(kSendBaseLow, Value(kSendHead), descriptor, at)) return;
    SendOne(at, descriptor);
    if ((descriptor[11] & kReport) != 0) causes = by_message() ? kSendQueue : kSent;
    At(kSendHead) = (Value(kSendHead) + 1) % size;
  }
  Raise(by_message() ? causes : causes | kEmpty);
}

void CardModel::SendOne(uint64_t at, const unsigned char* descriptor) {
  uint8_t command = descriptor[11];
  if ((command & kExtended) == 0) return Violate("a legacy descriptor, which the model has not");
  if ((command & kSegment) != 0) Violate("TCP segmentation, which the model has not");
  auto type = static_cast<uint8_t>(descriptor[10] >> 4);
  if (type == kContextType) {
    ip_sum_ = {descriptor[0], descriptor[1], static_cast<uint16_t>(descriptor[2] | descriptor[3] << 8)};
    transport_sum_ = {descriptor[4], descriptor[5], static_cast<uint16_t>(descriptor[6] | descriptor[7] << 8)};
  } else if (type == kDataType) {
    TakeData(descriptor);
    if ((command & kEndOfFrame) != 0) FinishFrame();
  } else {
    Violate("a descriptor of no known type");
  }
  if ((command & kReport) == 0) return;
  unsigned char bytes[kDescriptorBytes];
  std::memcpy(bytes, descriptor, kDescriptorBytes);
  bytes[12] = static_cast<unsigned char>((bytes[12] & 0xf0) | 1);
  Report(at, bytes, 12, 1, misbehaviour.holds_reports);
}

// A frame may be gathered from several buffers; the first says which sums to fill [e1000 3.3.7].
void CardModel::TakeData(const unsigned char* descriptor) {
  uint64_t address;
  uint32_t word;
  std::memcpy(&address, descriptor, 8);
  std::memcpy(&word, descriptor + 8, 4);
  size_t bytes = word & 0xfffff;
  if ((descriptor[11] & kCheck) == 0) Violate("a frame without a check sequence");
  const unsigned char* data = surroundings_.MemoryAt(address, bytes);
  if (data == nullptr || bytes == 0) return Violate("data to send where no memory is");
  if (bytes > sizeof frame_ - frame_bytes_) return Violate("a frame that is too long for any card");
  if (frame_bytes_ == 0) options_ = descriptor[13];
  std::memcpy(frame_ + frame_bytes_, data, bytes);
  frame_bytes_ += bytes;
}

void CardModel::Fill(const Checksum& checksum) {
  size_t end = checksum.end == 0 ? frame_bytes_ : size_t{checksum.end} + 1;
  if (checksum.start >= end || end > frame_bytes_ || size_t{checksum.field} + 2 > frame_bytes_) {
    return Violate("a checksum outside of its frame");
  }
  auto sum = static_cast<uint16_t>(~InternetSum(frame_ + checksum.start, end - checksum.start));
  frame_[checksum.field] = static_cast<unsigned char>(sum >> 8);
  frame_[checksum.field + 1] = static_cast<unsigned char>(sum);
}

void CardModel::FinishFrame() {
  if ((options_ & kFillIp) != 0) Fill(ip_sum_);
  if ((options_ & kFillTransport) != 0) Fill(transport_sum_);
  if (frame_bytes_ < 14) Violate("a frame that is shorter than a header of Ethernet");
  if (frame_bytes_ < kLeastBytes) {
    if ((Value(kSendControl) & kPad) == 0) Violate("a short frame, and the card is not to pad it");
    std::memset(frame_ + frame_bytes_, 0, kLeastBytes - frame_bytes_);
    frame_bytes_ = kLeastBytes;
  }
  size_t bytes = frame_bytes_;
  frame_bytes_ = 0;
  ++At(kGoodSent);
  surroundings_.TransmitFrame(frame_, bytes);
}

}  // namespace toro::e1000
