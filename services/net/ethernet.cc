#include "services/net/ethernet.h"

#include <cstring>
#include <utility>

#include "services/net/byte_order.h"

namespace toro::net {

bool EthernetHeader::Take(Packet& frame, EthernetHeader& header) {
  if (frame.size() < kEthernetHeaderBytes) return false;
  const uint8_t* at = frame.data();
  std::memcpy(header.destination.data(), at, 6);
  std::memcpy(header.source.data(), at + 6, 6);
  header.type = Load16(at + 12);
  frame.RemoveFront(kEthernetHeaderBytes);
  return !IsGroupMac(header.source);
}

void EthernetPort::Send(const MacAddress& destination, uint16_t type, PacketPtr packet) {
  uint8_t* at = packet->Prepend(kEthernetHeaderBytes);
  std::memcpy(at, destination.data(), 6);
  std::memcpy(at + 6, mac_.data(), 6);
  Store16(at + 12, type);
  if (packet->checksum_field != 0) {
    packet->checksum_start += kEthernetHeaderBytes;
    packet->checksum_field += kEthernetHeaderBytes;
  }
  SendFrame(std::move(packet));
}

void EthernetPort::SendFrame(PacketPtr frame) {
  if (backlog_.size() >= kMaxBacklog) Flush();
  if (backlog_.size() >= kMaxBacklog) {
    ++dropped_;
    return;
  }
  backlog_.PushBack(std::move(frame));
}

void EthernetPort::Flush() {
  if (backlog_.empty()) return;
  while (!backlog_.empty()) {
    PacketPtr burst[kNicBurst];
    size_t count = 0;
    while (count < kNicBurst && !backlog_.empty()) burst[count++] = backlog_.PopFront();
    size_t taken = nic_.Send({burst, count});
    if (taken == count) continue;
    while (count > taken) backlog_.PushFront(std::move(burst[--count]));
    break;
  }
  nic_.Flush();
}

}  // namespace toro::net
