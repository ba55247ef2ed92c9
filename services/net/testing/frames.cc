#include "services/net/testing/frames.h"

#include "services/net/byte_order.h"
#include "services/net/checksum.h"

namespace toro::net {

Frame EthernetFrame(const MacAddress& to, const MacAddress& from, uint16_t type, const Frame& payload) {
  Frame frame(kEthernetHeaderBytes);
  std::copy(to.begin(), to.end(), frame.begin());
  std::copy(from.begin(), from.end(), frame.begin() + 6);
  Store16(frame.data() + 12, type);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

Frame Ipv4Frame(const Ipv4Fields& fields, const Frame& payload) {
  size_t header_bytes = kIpv4HeaderBytes + fields.options.size();
  Frame packet(header_bytes);
  uint8_t* at = packet.data();
  size_t words = fields.header_words >= 0 ? static_cast<size_t>(fields.header_words) : header_bytes / 4;
  size_t total = fields.total_bytes >= 0 ? static_cast<size_t>(fields.total_bytes) : header_bytes + payload.size();
  at[0] = static_cast<uint8_t>(fields.version << 4 | words);
  Store16(at + 2, static_cast<uint16_t>(total));
  Store16(at + 4, fields.identification);
  Store16(at + 6, static_cast<uint16_t>((fields.more_fragments ? 0x2000 : 0) | fields.offset / 8));
  at[8] = 64;
  at[9] = fields.protocol;
  Store32(at + 12, fields.source.value);
  Store32(at + 16, fields.destination.value);
  std::copy(fields.options.begin(), fields.options.end(), packet.begin() + kIpv4HeaderBytes);
  InternetChecksum checksum;
  checksum.Add(at, header_bytes);
  checksum.Store(at + 10);
  if (fields.bad_checksum) at[10] ^= 1;
  packet.insert(packet.end(), payload.begin(), payload.end());
  return EthernetFrame(fields.to_mac, kPeerMac, kEtherTypeIpv4, packet);
}

Frame IcmpMessage(uint8_t type, uint8_t code, uint32_t rest, const Frame& data) {
  Frame message(8);
  message[0] = type;
  message[1] = code;
  Store32(message.data() + 4, rest);
  message.insert(message.end(), data.begin(), data.end());
  InternetChecksum checksum;
  checksum.Add(message.data(), message.size());
  checksum.Store(message.data() + 2);
  return message;
}

Frame UdpDatagram(uint16_t from, uint16_t to, const Frame& data, Ipv4Address source, Ipv4Address destination) {
  Frame datagram(8);
  Store16(datagram.data(), from);
  Store16(datagram.data() + 2, to);
  datagram.insert(datagram.end(), data.begin(), data.end());
  Store16(datagram.data() + 4, static_cast<uint16_t>(datagram.size()));
  InternetChecksum checksum;
  checksum.AddPseudoHeader(source, destination, kProtocolUdp, datagram.size());
  checksum.Add(datagram.data(), datagram.size());
  checksum.Store(datagram.data() + 6);
  return datagram;
}

Frame TcpFrame(const TcpFields& fields) {
  Frame segment(20);
  uint8_t* at = segment.data();
  Store16(at, fields.from);
  Store16(at + 2, fields.to);
  Store32(at + 4, fields.sequence);
  Store32(at + 8, fields.acknowledgment);
  size_t words = fields.offset_words >= 0 ? static_cast<size_t>(fields.offset_words) : 5 + fields.options.size() / 4;
  at[12] = static_cast<uint8_t>(words << 4);
  at[13] = fields.flags;
  Store16(at + 14, fields.window);
  segment.insert(segment.end(), fields.options.begin(), fields.options.end());
  segment.insert(segment.end(), fields.payload.begin(), fields.payload.end());
  InternetChecksum checksum;
  checksum.AddPseudoHeader(kPeer, kHost, kProtocolTcp, segment.size());
  checksum.Add(segment.data(), segment.size());
  checksum.Store(segment.data() + 16);
  if (fields.bad_checksum) segment[16] ^= 1;
  Ipv4Fields ipv4;
  ipv4.protocol = kProtocolTcp;
  return Ipv4Frame(ipv4, segment);
}

bool ParseTcp(const Frame& frame, TcpFields& fields) {
  if (frame.size() < 54 || Load16(frame.data() + 12) != kEtherTypeIpv4 || frame[23] != kProtocolTcp) return false;
  const uint8_t* at = frame.data() + 34;
  fields.from = Load16(at);
  fields.to = Load16(at + 2);
  fields.sequence = Load32(at + 4);
  fields.acknowledgment = Load32(at + 8);
  fields.flags = at[13];
  fields.window = Load16(at + 14);
  ptrdiff_t header_bytes = (at[12] >> 4) * 4;
  fields.options.assign(at + 20, at + header_bytes);
  fields.payload.assign(frame.begin() + 34 + header_bytes, frame.end());
  return true;
}

Frame ArpFrame(uint16_t operation, const MacAddress& sender_mac, Ipv4Address sender, Ipv4Address target,
               const MacAddress& to) {
  Frame arp(28);
  Store32(arp.data(), 0x00010800);
  Store16(arp.data() + 4, 0x0604);
  Store16(arp.data() + 6, operation);
  std::copy(sender_mac.begin(), sender_mac.end(), arp.begin() + 8);
  Store32(arp.data() + 14, sender.value);
  Store32(arp.data() + 24, target.value);
  return EthernetFrame(to, sender_mac, kEtherTypeArp, arp);
}

Frame Bytes(size_t size, uint64_t seed) {
  Frame bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(Mix(seed + i / 8) >> (i % 8 * 8));
  return bytes;
}

Frame Behind(const Frame& frame, size_t headers) {
  return frame.size() < headers ? Frame() : Frame(frame.begin() + static_cast<ptrdiff_t>(headers), frame.end());
}

void Introduce(TestHost& host) {
  host.Receive(ArpFrame(1, kPeerMac, kPeer, kHost));
  while (!host.Sent().empty()) continue;
}

}  // namespace toro::net
