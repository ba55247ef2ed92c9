#include "tests/fuzz/net_world.h"

#include <utility>

#include "core/base/check.h"
#include "services/net/byte_order.h"
#include "services/net/checksum.h"

namespace fuzz {
namespace {

using toro::net::Frame;

constexpr uint16_t kUdpPort = 7;
constexpr uint16_t kPeerPort = 5000;

toro::net::TestHost::Options HostOptions() {
  toro::net::TestHost::Options options;
  options.packets = 64;
  options.limits.connections = 8;
  options.limits.half_open = 2;  // so that cookies are sent
  options.limits.receive_buffer_bytes = 8192;
  options.limits.send_buffer_bytes = 8192;
  return options;
}

}  // namespace

NetWorld::NetWorld(Choices& choices) : choices_(choices), environment_(1), host_(environment_, HostOptions()) {
  toro::net::Introduce(host_);
  TORO_CHECK(udp_.Bind(host_.stack().udp(), kUdpPort) == toro::Status::kOk);
  TORO_CHECK(listener_.Listen(host_.stack().tcp(), 80, 2) == toro::Status::kOk);
}

NetWorld::~NetWorld() { TORO_CHECK(connection_ == nullptr); }

void NetWorld::Run() {
  while (!choices_.Done()) Operate();
  EndEverything();
}

Frame NetWorld::AnyBytes(size_t most) {
  Frame bytes(choices_.Below(static_cast<uint32_t>(most + 1)));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(choices_.Below(256));
  return bytes;
}

void NetWorld::Operate() {
  switch (choices_.Below(12)) {
    case 0: return RawFrame();
    case 1: return AnyDatagram();
    case 2: return AnyArp();
    case 3: return AnyError();
    case 4: return Pass();
    case 5:
    case 6: return Call();
    default: return TcpNearTheConnection();
  }
}

void NetWorld::RawFrame() {
  Frame frame = AnyBytes(80);
  if (choices_.Below(2) == 0) {  // as far as our card
    frame = toro::net::EthernetFrame(toro::net::kHostMac, toro::net::kPeerMac, toro::net::kEtherTypeIpv4, frame);
  }
  Receive(std::move(frame));
}

void NetWorld::AnyDatagram() {
  toro::net::Ipv4Fields fields;
  constexpr uint8_t kProtocols[] = {toro::net::kProtocolIcmp, toro::net::kProtocolUdp, toro::net::kProtocolTcp, 41};
  fields.protocol = kProtocols[choices_.Below(4)];
  fields.identification = static_cast<uint16_t>(choices_.Below(4));
  fields.more_fragments = choices_.Below(4) == 0;
  if (choices_.Below(4) == 0) fields.offset = choices_.Below(260) * size_t{8};
  fields.options.resize(choices_.Below(11) * size_t{4});
  for (uint8_t& byte : fields.options) byte = static_cast<uint8_t>(choices_.Below(256));
  Frame payload = AnyBytes(64);
  if (fields.protocol == toro::net::kProtocolUdp && choices_.Below(2) == 0) {
    payload = toro::net::UdpDatagram(9, kUdpPort, payload);
  }
  if (fields.protocol == toro::net::kProtocolIcmp && choices_.Below(2) == 0) {
    payload = toro::net::IcmpMessage(static_cast<uint8_t>(choices_.Below(20)), 0, 0, payload);
  }
  Receive(toro::net::Ipv4Frame(fields, payload));
}

void NetWorld::AnyArp() {
  auto address = [&] { return toro::net::Ipv4Address{toro::net::kHost.value + choices_.Below(3) - 1}; };
  toro::MacAddress mac = toro::net::kPeerMac;
  mac[5] = static_cast<uint8_t>(choices_.Below(4));
  toro::net::Ipv4Address sender = address();
  Frame frame = toro::net::ArpFrame(static_cast<uint16_t>(choices_.Below(4)), mac, sender, address());
  if (choices_.Below(8) == 0) frame.resize(choices_.Below(static_cast<uint32_t>(frame.size())));
  Receive(std::move(frame));
}

void NetWorld::TcpNearTheConnection() {
  toro::net::TcpFields fields;
  fields.from = static_cast<uint16_t>(kPeerPort + (choices_.Below(8) == 0 ? choices_.Below(16) : 0));
  fields.to = host_port_;
  fields.flags = static_cast<uint8_t>(choices_.Below(64));
  if (choices_.Below(2) == 0) fields.flags = toro::net::kAck | (fields.flags & toro::net::kFin);
  auto near = [&](uint32_t number) {
    constexpr int32_t kSteps[] = {0, 0, 0, 1, -1, 100, -100, 8191, 8192, 1 << 20, INT32_MIN};
    return number + static_cast<uint32_t>(kSteps[choices_.Below(11)]);
  };
  fields.sequence = near(peer_next_);
  fields.acknowledgment = near(host_next_);
  constexpr uint16_t kWindows[] = {65535, 65535, 0, 1, 100, 8192};
  fields.window = kWindows[choices_.Below(6)];
  if (choices_.Below(2) == 0) {
    fields.options.resize(choices_.Below(11) * size_t{4});
    for (uint8_t& byte : fields.options) byte = static_cast<uint8_t>(choices_.Below(256));
  }
  if (choices_.Below(2) == 0) fields.payload = toro::net::Bytes(choices_.Below(1400));
  fields.bad_checksum = choices_.Below(32) == 0;
  if (choices_.Below(32) == 0) fields.offset_words = static_cast<int>(choices_.Below(16));
  Receive(toro::net::TcpFrame(fields));
}

void NetWorld::AnyError() {
  toro::net::Ipv4Fields ours;
  ours.source = toro::net::kHost;
  ours.destination = toro::net::kPeer;
  ours.protocol = choices_.Below(2) == 0 ? toro::net::kProtocolTcp : toro::net::kProtocolUdp;
  Frame quoted(8);
  toro::net::Store16(quoted.data(), ours.protocol == toro::net::kProtocolTcp ? host_port_ : kUdpPort);
  toro::net::Store16(quoted.data() + 2, kPeerPort);
  toro::net::Store32(quoted.data() + 4, host_next_ - choices_.Below(3000));
  quoted = toro::net::Behind(toro::net::Ipv4Frame(ours, quoted), toro::net::kEthernetHeaderBytes);
  if (choices_.Below(4) == 0) quoted.resize(choices_.Below(static_cast<uint32_t>(quoted.size())));
  toro::net::Ipv4Fields fields;
  fields.protocol = toro::net::kProtocolIcmp;
  Receive(toro::net::Ipv4Frame(
      fields, toro::net::IcmpMessage(3, static_cast<uint8_t>(choices_.Below(6)), choices_.Below(2000), quoted)));
}

void NetWorld::Pass() {
  constexpr uint64_t kSteps[] = {1, 50, 1000, 61000};
  environment_.now_ns += kSteps[choices_.Below(4)] * toro::kNsPerMs;
  while (host_.stack().Poll()) continue;
  Inspect();
}

void NetWorld::Call() {
  uint32_t what = choices_.Below(8);
  if (connection_ == nullptr && what < 6) {
    connection_ = listener_.Accept();
  } else if (connection_ == nullptr) {
    toro::Result<toro::net::TcpConnection*> result = host_.stack().tcp().Connect({toro::net::kPeer, kPeerPort});
    if (result.ok()) connection_ = result.value();
  } else if (what < 3) {
    connection_->Write(toro::net::Bytes(choices_.Below(4000)));
  } else if (what < 5) {
    uint8_t bytes[1000];
    connection_->Read({bytes, choices_.Below(1001)});
  } else if (what == 5) {
    connection_->Finish();
  } else if (what == 6) {
    std::exchange(connection_, nullptr)->Release();
  } else {
    std::exchange(connection_, nullptr)->Abort();
  }
  Inspect();
}

void NetWorld::Receive(Frame frame) {
  host_.Receive(std::move(frame));
  Inspect();
}

void NetWorld::Inspect() {
  for (Frame frame; !(frame = host_.Sent()).empty();) {
    TORO_CHECK(frame.size() >= 42 && frame.size() <= 1514, "sent a frame of a length that cannot be");
    if (toro::net::Load16(frame.data() + 12) == toro::net::kEtherTypeArp) continue;
    const uint8_t* ip = frame.data() + toro::net::kEthernetHeaderBytes;
    size_t bytes = frame.size() - toro::net::kEthernetHeaderBytes;
    toro::net::InternetChecksum header;
    header.Add(ip, toro::net::kIpv4HeaderBytes);
    TORO_CHECK(toro::net::Load16(ip + 2) == bytes && header.IsRight(), "sent a wrong IPv4 header");
    if (ip[9] != toro::net::kProtocolTcp) continue;
    toro::net::InternetChecksum segment;
    segment.AddPseudoHeader({toro::net::Load32(ip + 12)}, {toro::net::Load32(ip + 16)}, ip[9],
                            bytes - toro::net::kIpv4HeaderBytes);
    segment.Add(ip + toro::net::kIpv4HeaderBytes, bytes - toro::net::kIpv4HeaderBytes);
    TORO_CHECK(segment.IsRight(), "sent a wrong TCP checksum");
    toro::net::TcpFields fields;
    toro::net::ParseTcp(frame, fields);
    if ((fields.flags & toro::net::kRst) != 0 || fields.to != kPeerPort) continue;
    host_port_ = fields.from;
    host_next_ = fields.sequence + static_cast<uint32_t>(fields.payload.size()) +
                 ((fields.flags & (toro::net::kSyn | toro::net::kFin)) != 0 ? 1 : 0);
    if ((fields.flags & toro::net::kAck) != 0) peer_next_ = fields.acknowledgment;
  }
}

void NetWorld::EndEverything() {
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->Release();
  udp_.Close();
  listener_.Close();
  for (int i = 0; i < 20; ++i) {  // more than twenty minutes: longer than any timer, in steps of the longest
    environment_.now_ns += 61 * toro::kNsPerSecond;
    while (host_.stack().Poll()) continue;
    Inspect();
  }
  TORO_CHECK(host_.stack().tcp().connections() == 0, "a connection never ends");
  TORO_CHECK(host_.stack().tcp().half_open() == 0, "half-open connections are counted that are not there");
  size_t kept = host_.stack().ipv4().reassembly().under_way();
  TORO_CHECK(host_.pool().free_count() + kept == host_.pool().total(), "packets are missing");
}

}  // namespace fuzz
