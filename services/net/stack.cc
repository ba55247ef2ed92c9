#include "services/net/stack.h"

#include <utility>

namespace toro::net {

NetStack::NetStack(Nic& nic, PacketPool& pool, NetEnvironment& environment, const Ipv4Configuration& configuration,
                   const TcpLimits& limits)
    : nic_(nic),
      environment_(environment),
      timers_(environment.NowNs()),
      configuration_(configuration),
      port_(nic, pool),
      arp_(port_, environment, timers_, configuration_),
      ipv4_(port_, arp_, environment, configuration_),
      icmp_(ipv4_, environment),
      udp_(ipv4_, icmp_, environment),
      tcp_(ipv4_, environment, timers_, limits) {
  watch_.fire = &FireWatch;
  watch_.stack = this;
  timers_.Start(watch_, environment.NowNs() + kWatchIntervalNs);
  arp_.Announce();
}

void NetStack::Configure(const Ipv4Configuration& configuration) {
  configuration_ = configuration;
  arp_.Clear();
  arp_.Announce();
}

void NetStack::FireWatch(Timer& timer) {
  NetStack& stack = *static_cast<WatchTimer&>(timer).stack;
  uint64_t now_ns = stack.environment_.NowNs();
  stack.nic_.Watch(now_ns);
  stack.timers_.Start(timer, now_ns + kWatchIntervalNs);
}

bool NetStack::Poll() {
  CheckOwner();
  bool worked = false;
  for (size_t i = 0; i < kBurstsPerPoll; ++i) {
    PacketPtr burst[kNicBurst];
    size_t count = nic_.Receive(burst);
    for (size_t at = 0; at < count; ++at) ReceiveFrame(std::move(burst[at]));
    worked |= count > 0;
    if (count < kNicBurst) break;
  }
  worked |= timers_.Advance(environment_.NowNs());
  port_.Flush();
  return worked;
}

void NetStack::ReceiveFrame(PacketPtr frame) {
  ++counters_.frames;
  if (raw_handler_ != nullptr && raw_handler_(raw_context_, frame)) return;
  EthernetHeader ethernet;
  if (!EthernetHeader::Take(*frame, ethernet)) {
    ++counters_.bad_frames;
    return;
  }
  bool is_group_frame = IsGroupMac(ethernet.destination);
  if (!is_group_frame && ethernet.destination != port_.mac()) {
    ++counters_.other_cards;
    return;
  }
  if (ethernet.type == kEtherTypeArp) {
    arp_.Receive(std::move(frame));
  } else if (ethernet.type == kEtherTypeIpv4) {
    Ipv4Header header;
    if (ipv4_.Accept(frame, header, is_group_frame)) ReceiveDatagram(header, std::move(frame));
  } else {
    ++counters_.unknown_types;
  }
}

void NetStack::ReceiveDatagram(const Ipv4Header& header, PacketPtr packet) {
  switch (header.protocol) {
    case kProtocolIcmp: {
      IcmpError error;
      if (!icmp_.Receive(header, std::move(packet), error)) return;
      if (error.protocol == kProtocolUdp) udp_.ReceiveError(error);
      if (error.protocol == kProtocolTcp) tcp_.ReceiveError(error);
      return;
    }
    case kProtocolUdp: udp_.Receive(header, std::move(packet)); return;
    case kProtocolTcp: tcp_.Receive(header, std::move(packet)); return;
    default: icmp_.SendUnreachable(header, Unreachable::kProtocol, *packet);
  }
}

}  // namespace toro::net
