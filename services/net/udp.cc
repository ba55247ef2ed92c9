#include "services/net/udp.h"

#include <cstring>
#include <utility>

#include "services/net/byte_order.h"
#include "services/net/checksum.h"

namespace toro::net {

UdpLayer::~UdpLayer() {
  while (UdpPort* port = ports_.front()) port->Close();
}

UdpPort* UdpLayer::Find(uint16_t number) {
  for (UdpPort* port = ports_.front(); port != nullptr; port = ports_.After(*port)) {
    if (port->port_ == number) return port;
  }
  return nullptr;
}

Status UdpLayer::Bind(UdpPort& port, uint16_t number) {
  if (count_ == kMaxPorts || (number != 0 && Find(number) != nullptr)) return Status::kFull;
  while (number == 0) {  // at most kMaxPorts of the 16384 are taken
    auto candidate = static_cast<uint16_t>(kFirstEphemeralPort | environment_.Random());
    if (Find(candidate) == nullptr) number = candidate;
  }
  port.udp_ = this;
  port.port_ = number;
  ports_.PushBack(port);
  ++count_;
  return Status::kOk;
}

Status UdpPort::Bind(UdpLayer& udp, uint16_t port) {
  if (udp_ != nullptr) return Status::kInvalidArgument;
  return udp.Bind(*this, port);
}

void UdpPort::Close() {
  if (udp_ == nullptr) return;
  IntrusiveList<UdpPort>::Remove(*this);
  --udp_->count_;
  udp_ = nullptr;
  waiting_.Clear();
}

Status UdpPort::Send(const Endpoint& to, std::span<const uint8_t> bytes) {
  if (udp_ == nullptr || bytes.size() > udp_->max_payload_bytes() || to.port == 0) return Status::kInvalidArgument;
  Ipv4Layer& ipv4 = udp_->ipv4_;
  PacketPtr packet = ipv4.Allocate();
  if (packet == nullptr) return Status::kOutOfMemory;
  uint8_t* at = packet->Append(UdpLayer::kHeaderBytes);
  if (!bytes.empty()) std::memcpy(packet->Append(bytes.size()), bytes.data(), bytes.size());
  Store16(at, port_);
  Store16(at + 2, to.port);
  Store16(at + 4, static_cast<uint16_t>(packet->size()));
  Store16(at + 6, 0);
  InternetChecksum checksum;
  checksum.AddPseudoHeader(ipv4.configuration().address, to.address, kProtocolUdp, packet->size());
  checksum.Add(at, packet->size());
  checksum.Store(at + 6);
  if (Load16(at + 6) == 0) Store16(at + 6, 0xffff);  // zero means that there is none
  ++udp_->counters_.sent;
  return ipv4.Send(to.address, kProtocolUdp, std::move(packet), true) ? Status::kOk : Status::kUnreachable;
}

bool UdpPort::Receive(Datagram& datagram) {
  PacketPtr packet = waiting_.PopFront();
  if (packet == nullptr) return false;
  datagram.from.address = Ipv4Address{Load32(packet->data())};
  datagram.from.port = Load16(packet->data() + 4);
  packet->RemoveFront(6);
  datagram.payload = std::move(packet);
  return true;
}

void UdpLayer::Receive(const Ipv4Header& header, PacketPtr packet) {
  const uint8_t* at = packet->data();
  size_t size = packet->size() >= kHeaderBytes ? Load16(at + 4) : 0;
  if (size < kHeaderBytes || size > packet->size()) {
    ++counters_.malformed;
    return;
  }
  packet->TrimTo(size);
  if (Load16(at + 6) != 0 && !packet->checksum_verified) {
    InternetChecksum checksum;
    checksum.AddPseudoHeader(header.source, header.destination, kProtocolUdp, size);
    checksum.Add(at, size);
    if (!checksum.IsRight()) {
      ++counters_.malformed;
      return;
    }
  }
  UdpPort* port = Find(Load16(at + 2));
  if (port == nullptr) {
    ++counters_.no_port;
    icmp_.SendUnreachable(header, Unreachable::kPort, *packet);
    return;
  }
  if (port->waiting_.size() == UdpPort::kQueued) {
    ++port->dropped_;
    return;
  }
  ++counters_.received;
  // The sender travels in front of the payload, where its headers were.
  uint16_t source_port = Load16(at);
  packet->RemoveFront(kHeaderBytes);
  uint8_t* front = packet->Prepend(6);
  Store32(front, header.source.value);
  Store16(front + 4, source_port);
  port->waiting_.PushBack(std::move(packet));
  if (port->handler_ != nullptr) port->handler_(port->context_);
}

void UdpLayer::ReceiveError(const IcmpError& error) {
  UdpPort* port = Find(error.local_port);
  if (port == nullptr) return;
  port->error_ = true;
  if (port->handler_ != nullptr) port->handler_(port->context_);
}

}  // namespace toro::net
