#include "services/net/icmp.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "services/net/byte_order.h"
#include "services/net/checksum.h"

namespace toro::net {
namespace {

constexpr uint8_t kEchoReply = 0;
constexpr uint8_t kDestinationUnreachable = 3;
constexpr uint8_t kEchoRequest = 8;

// Of the datagram that an error is about: its header and eight bytes [rfc792].
constexpr size_t kQuotedPayloadBytes = 8;

}  // namespace

bool IcmpLayer::Budget::Take(uint64_t now_ns) {
  constexpr uint64_t kEachNs = kNsPerSecond / kAnswersPerSecond;
  full_ns = std::max(full_ns, now_ns);
  if (full_ns - now_ns > kNsPerSecond - kEachNs) return false;
  full_ns += kEachNs;
  return true;
}

bool IcmpLayer::Receive(const Ipv4Header& header, PacketPtr packet, IcmpError& error) {
  InternetChecksum checksum;
  checksum.Add(packet->data(), packet->size());
  if (packet->size() < kHeaderBytes || !checksum.IsRight()) {
    ++counters_.malformed;
    return false;
  }
  const uint8_t* at = packet->data();
  switch (at[0]) {
    case kEchoRequest: AnswerEcho(header, std::move(packet)); return false;
    case kEchoReply:
      if (echo_handler_ != nullptr) {
        echo_handler_(echo_context_, {header.source, Load16(at + 4), Load16(at + 6), packet->size() - kHeaderBytes});
      }
      return false;
    case kDestinationUnreachable: return ParseError(*packet, error);
    default: ++counters_.ignored; return false;
  }
}

void IcmpLayer::AnswerEcho(const Ipv4Header& header, PacketPtr packet) {
  if (header.to_group) {  // a broadcast that all answer is a flood [rfc1122 3.2.2.6]
    ++counters_.ignored;
    return;
  }
  if (packet->size() > ipv4_.mtu() - kIpv4HeaderBytes || !echo_budget_.Take(environment_.NowNs())) {
    ++counters_.limited;
    return;
  }
  // The answer is the question with another type. What lies in front of it was its headers and is room for ours, unless
  // the driver left none or the headers had no options.
  if (packet->head_room() < kIpv4HeaderBytes + kEthernetHeaderBytes) {
    PacketPtr copy = ipv4_.Allocate();
    if (copy == nullptr) return;
    std::memcpy(copy->Append(packet->size()), packet->data(), packet->size());
    packet = std::move(copy);
  }
  packet->data()[0] = kEchoReply;
  ++counters_.echoes_answered;
  FinishAndSend(header.source, std::move(packet));
}

bool IcmpLayer::ParseError(const Packet& packet, IcmpError& error) {
  const uint8_t* quoted = packet.data() + kHeaderBytes;
  size_t size = packet.size() - kHeaderBytes;
  size_t header_bytes = size >= kIpv4HeaderBytes ? (quoted[0] & 0xf) * size_t{4} : 0;
  if (size < kIpv4HeaderBytes || quoted[0] >> 4 != 4 || header_bytes < kIpv4HeaderBytes ||
      size < header_bytes + kQuotedPayloadBytes) {
    ++counters_.malformed;
    return false;
  }
  if (Ipv4Address{Load32(quoted + 12)} != ipv4_.configuration().address ||
      packet.data()[1] > static_cast<uint8_t>(Unreachable::kFragmentationNeeded)) {
    ++counters_.ignored;
    return false;
  }
  const uint8_t* payload = quoted + header_bytes;
  error.code = static_cast<Unreachable>(packet.data()[1]);
  error.mtu = Load16(packet.data() + 6);
  error.protocol = quoted[9];
  error.destination = Ipv4Address{Load32(quoted + 16)};
  error.local_port = Load16(payload);
  error.remote_port = Load16(payload + 2);
  error.sequence = Load32(payload + 4);
  ++counters_.errors_received;
  return true;
}

void IcmpLayer::SendUnreachable(const Ipv4Header& header, Unreachable code, Packet& packet) {
  // Never about what went to many, nor about what came in pieces and has no header to quote [rfc1122 3.2.2].
  if (header.to_group || header.header_bytes == 0) return;
  if (!error_budget_.Take(environment_.NowNs())) {
    ++counters_.limited;
    return;
  }
  PacketPtr answer = ipv4_.Allocate();
  if (answer == nullptr) return;
  uint8_t* at = answer->Append(kHeaderBytes);
  std::memset(at, 0, kHeaderBytes);
  at[0] = kDestinationUnreachable;
  at[1] = static_cast<uint8_t>(code);
  size_t quoted = header.header_bytes + std::min(packet.size(), kQuotedPayloadBytes);
  std::memcpy(answer->Append(quoted), packet.data() - header.header_bytes, quoted);
  ++counters_.errors_sent;
  FinishAndSend(header.source, std::move(answer));
}

bool IcmpLayer::SendEcho(Ipv4Address to, uint16_t identifier, uint16_t sequence, size_t bytes) {
  if (bytes > ipv4_.mtu() - kIpv4HeaderBytes - kHeaderBytes) return false;
  PacketPtr packet = ipv4_.Allocate();
  if (packet == nullptr) return false;
  uint8_t* at = packet->Append(kHeaderBytes + bytes);
  std::memset(at, 0, kHeaderBytes);
  at[0] = kEchoRequest;
  Store16(at + 4, identifier);
  Store16(at + 6, sequence);
  for (size_t i = 0; i < bytes; ++i) at[kHeaderBytes + i] = static_cast<uint8_t>(i);
  FinishAndSend(to, std::move(packet));
  return true;
}

void IcmpLayer::FinishAndSend(Ipv4Address to, PacketPtr packet) {
  uint8_t* at = packet->data();
  Store16(at + 2, 0);
  InternetChecksum checksum;
  checksum.Add(at, packet->size());
  checksum.Store(at + 2);
  (void)ipv4_.Send(to, kProtocolIcmp, std::move(packet), true);
}

}  // namespace toro::net
