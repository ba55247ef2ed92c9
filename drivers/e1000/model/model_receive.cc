// Frames that the model receives [e1000 3.2].
#include <cstring>

#include "drivers/e1000/model/card_model.h"
#include "drivers/e1000/model/internet_sum.h"

namespace toro::e1000 {
namespace {

constexpr size_t kHeaderBytes = 14, kCheckBytes = 4, kMostBytes = 1518 - kCheckBytes, kBufferBytes = 2048;
// RCTL [e1000 13.4.22].
constexpr uint32_t kUnicastAll = 1u << 3, kMulticastAll = 1u << 4, kLongFrames = 1u << 5, kBroadcast = 1u << 15,
                   kStripCheck = 1u << 26, kOtherBuffers = 3u << 16 | 1u << 25;
constexpr uint32_t kReceived = 1u << 7, kFewDescriptors = 1u << 4, kOverrun = 1u << 6, kReceiveQueue = 1u << 20;
// Of the descriptor [e1000 3.2.3].
constexpr uint8_t kDone = 1, kEnd = 2, kTransportChecked = 1 << 5, kIpChecked = 1 << 6;
constexpr uint8_t kTransportWrong = 1 << 5, kIpWrong = 1 << 6;
constexpr uint32_t kIpOffload = 1u << 8, kTransportOffload = 1u << 9;  // RXCSUM

uint16_t Load16(const unsigned char* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

}  // namespace

// [e1000 13.5]: the card's own address, broadcast, and the table of 4096 bits for others.
bool CardModel::AcceptsAddress(const unsigned char* frame) const {
  uint32_t control = Value(kReceiveControl);
  static constexpr unsigned char kAll[6] = {255, 255, 255, 255, 255, 255};
  if (std::memcmp(frame, kAll, 6) == 0) return (control & kBroadcast) != 0;
  if ((frame[0] & 1) != 0) {
    uint32_t hash = (uint32_t{frame[4]} >> 4 | uint32_t{frame[5]} << 4) & 0xfff;
    return (control & kMulticastAll) != 0 || (Value(kMulticast + 4 * (hash >> 5)) >> (hash & 31) & 1) != 0;
  }
  if ((control & kUnicastAll) != 0) return true;
  uint32_t low = Value(kAddressLow), high = Value(kAddressHigh);
  if (!(high >> 31)) return false;
  for (uint32_t i = 0; i < 6; ++i) {
    if (frame[i] != static_cast<unsigned char>(i < 4 ? low >> 8 * i : high >> 8 * (i - 4))) return false;
  }
  return true;
}

// [e1000 3.2.9]: IPv4 in Ethernet II; TCP and UDP that are no fragments.
void CardModel::CheckSums(const unsigned char* frame, size_t bytes, uint8_t& status, uint8_t& errors) const {
  if (bytes < kHeaderBytes + 20 || Load16(frame + 12) != 0x0800) return;
  const unsigned char* ip = frame + kHeaderBytes;
  size_t header = size_t{ip[0]} % 16 * 4, total = Load16(ip + 2);
  if (ip[0] >> 4 != 4 || header < 20 || total < header || total > bytes - kHeaderBytes) return;
  if ((Value(kChecksumControl) & kIpOffload) != 0) {
    status |= kIpChecked;
    if (InternetSum(ip, header) != 0xffff) errors |= kIpWrong;
  }
  bool is_tcp = ip[9] == 6, is_udp = ip[9] == 17;
  size_t payload = total - header;
  if ((!is_tcp && !is_udp) || (Load16(ip + 6) & 0x3fff) != 0 || payload < (is_tcp ? 20u : 8u)) return;
  if ((Value(kChecksumControl) & kTransportOffload) == 0) return;
  if (is_udp && Load16(ip + header + 6) == 0) return;  // it has none
  status |= kTransportChecked;
  uint32_t sum = InternetSum(ip + 12, 8, ip[9] + static_cast<uint32_t>(payload));
  if (InternetSum(ip + header, payload, sum) != 0xffff) errors |= kTransportWrong;
}

void CardModel::WriteBackReceived(uint64_t at, const unsigned char* descriptor, uint16_t length, uint8_t status,
                                  uint8_t errors) {
  if (misbehaviour.overrides_received) {
    misbehaviour.overrides_received = false;
    length = misbehaviour.received_length;
    status = misbehaviour.received_status;
    errors = misbehaviour.received_errors;
  }
  unsigned char bytes[kDescriptorBytes] = {};
  std::memcpy(bytes, descriptor, 8);
  bytes[8] = static_cast<unsigned char>(length);
  bytes[9] = static_cast<unsigned char>(length >> 8);
  bytes[12] = status;
  bytes[13] = errors;
  if (misbehaviour.tears_write_backs) {
    Report(at, bytes, 12, 2, false);
    Report(at, bytes, 8, 4, true);
  } else {
    Report(at, bytes, 8, 8, misbehaviour.holds_reports);
  }
}

bool CardModel::ReceiveFrame(const unsigned char* frame, size_t bytes) {
  uint32_t control = Value(kReceiveControl);
  if (misbehaviour.is_gone || !receiver_on() || bytes < kHeaderBytes || !AcceptsAddress(frame)) return false;
  if (bytes > kMostBytes && (control & kLongFrames) == 0) return false;
  uint32_t size = Value(kReceiveBytes) / kDescriptorBytes, head = Value(kReceiveHead);
  if (head >= size || head == Value(kReceiveTail)) {
    ++At(kMissed);
    Raise(kOverrun);
    return false;
  }
  if ((control & kOtherBuffers) != 0) Violate("a size of buffers that the model has not");
  unsigned char* descriptor;
  uint64_t at, address;
  if (!DescriptorAt(kReceiveBaseLow, head, descriptor, at)) return false;
  std::memcpy(&address, descriptor, 8);
  size_t length = bytes + ((control & kStripCheck) != 0 ? 0 : kCheckBytes);
  unsigned char* buffer = surroundings_.MemoryAt(address, kBufferBytes);
  if (buffer == nullptr || length > kBufferBytes) {
    Violate("a buffer where no memory is");
    return false;
  }
  std::memcpy(buffer, frame, bytes);
  std::memset(buffer + bytes, 0, length - bytes);  // the check sequence: its value is nobody's business
  uint8_t status = kDone | kEnd, errors = 0;
  CheckSums(frame, bytes, status, errors);
  At(kReceiveHead) = (head + 1) % size;
  ++At(kGoodReceived);
  WriteBackReceived(at, descriptor, static_cast<uint16_t>(length), status, errors);
  uint32_t left = (Value(kReceiveTail) + size - Value(kReceiveHead)) % size;
  uint32_t few = size >> ((control >> 8 & 3) + 1);
  Raise((by_message() ? kReceiveQueue : kReceived) | (left == few ? kFewDescriptors : 0));
  return true;
}

}  // namespace toro::e1000
