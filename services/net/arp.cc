#include "services/net/arp.h"

#include <cstring>
#include <utility>

#include "services/net/byte_order.h"

namespace toro::net {
namespace {

constexpr size_t kArpBytes = 28;
constexpr uint16_t kRequest = 1;
constexpr uint16_t kReply = 2;
constexpr uint64_t kFixedPart = 0x0001080006040000;  // Ethernet, IPv4, their lengths; the operation follows
constexpr MacAddress kNoMac = {};

}  // namespace

ArpTable::ArpTable(EthernetPort& port, NetEnvironment& environment, TimerWheel& timers,
                   const Ipv4Configuration& configuration)
    : port_(port), environment_(environment), timers_(timers), configuration_(configuration) {
  for (Entry& entry : entries_) {
    entry.fire = &Fire;
    entry.table = this;
  }
}

ArpTable::~ArpTable() { Clear(); }

void ArpTable::Clear() {
  for (Entry& entry : entries_) Release(entry);
}

size_t ArpTable::used() const {
  size_t used = 0;
  for (const Entry& entry : entries_) used += entry.state != State::kFree;
  return used;
}

ArpTable::Entry* ArpTable::Find(Ipv4Address address) {
  for (Entry& entry : entries_) {
    if (entry.state != State::kFree && entry.address == address) return &entry;
  }
  return nullptr;
}

// A place for a new neighbour; null when packets wait for all the old ones.
ArpTable::Entry* ArpTable::Take(Ipv4Address address) {
  Entry* best = nullptr;
  for (Entry& entry : entries_) {
    if (entry.state == State::kFree) {
      best = &entry;
      break;
    }
    if (entry.waiting.empty() && (best == nullptr || entry.used_ns < best->used_ns)) best = &entry;
  }
  if (best == nullptr) return nullptr;
  Release(*best);
  best->address = address;
  best->used_ns = environment_.NowNs();
  return best;
}

void ArpTable::Release(Entry& entry) {
  counters_.unresolved += entry.waiting.size();
  entry.waiting.Clear();
  timers_.Stop(entry);
  entry.state = State::kFree;
  entry.asked = 0;
}

void ArpTable::Send(Ipv4Address neighbour, PacketPtr packet) {
  Entry* entry = Find(neighbour);
  if (entry == nullptr) {
    entry = Take(neighbour);
    if (entry == nullptr) {
      ++counters_.unresolved;
      return;
    }
    entry->state = State::kResolving;
    Ask(*entry);
  }
  uint64_t now_ns = environment_.NowNs();
  entry->used_ns = now_ns;
  if (entry->state == State::kKnown) {
    // What is old is used on while the neighbour is asked, so that no packet waits for the answer.
    if (now_ns - entry->answered_ns > kLifetimeNs && entry->asked == 0) Ask(*entry);
    port_.Send(entry->mac, kEtherTypeIpv4, std::move(packet));
    return;
  }
  if (entry->waiting.size() == kQueued) {
    (void)entry->waiting.PopFront();
    ++counters_.unresolved;
  }
  entry->waiting.PushBack(std::move(packet));
}

void ArpTable::Ask(Entry& entry) {
  ++entry.asked;
  ++counters_.requests_sent;
  SendArp(kRequest, kBroadcastMac, kNoMac, entry.address);
  timers_.Start(entry, environment_.NowNs() + kRequestIntervalNs);
}

void ArpTable::Fire(Timer& timer) {
  auto& entry = static_cast<Entry&>(timer);
  if (entry.asked < kRequests) {
    entry.table->Ask(entry);
  } else {
    entry.table->Release(entry);
  }
}

void ArpTable::Learn(Entry& entry, const MacAddress& mac) {
  timers_.Stop(entry);
  entry.state = State::kKnown;
  entry.asked = 0;
  entry.mac = mac;
  entry.answered_ns = environment_.NowNs();
  while (PacketPtr packet = entry.waiting.PopFront()) port_.Send(mac, kEtherTypeIpv4, std::move(packet));
}

void ArpTable::Receive(PacketPtr packet) {
  const uint8_t* at = packet->data();
  if (packet->size() < kArpBytes || (static_cast<uint64_t>(Load32(at)) << 32 | Load16(at + 4) << 16) != kFixedPart) {
    ++counters_.malformed;
    return;
  }
  uint16_t operation = Load16(at + 6);
  MacAddress sender_mac;
  std::memcpy(sender_mac.data(), at + 8, 6);
  Ipv4Address sender{Load32(at + 14)};
  Ipv4Address target{Load32(at + 24)};
  bool is_for_us = target == configuration_.address && !target.IsUnspecified();
  if ((operation != kRequest && operation != kReply) || IsGroupMac(sender_mac) || sender_mac == kNoMac) {
    ++counters_.malformed;
    return;
  }
  if (sender_mac == port_.mac()) return;  // our own broadcast, come back
  if (sender == configuration_.address && !sender.IsUnspecified()) return NoteConflict(sender_mac);

  // A probe has no sender address and teaches nothing [rfc5227 2.1.1].
  if (sender.IsUnicast() && !configuration_.IsBroadcast(sender)) {
    Entry* entry = Find(sender);
    bool was_asked = entry != nullptr && entry->asked > 0;
    if (entry == nullptr && operation == kRequest && is_for_us) entry = Take(sender);
    if (entry != nullptr && (operation == kRequest || was_asked)) {
      Learn(*entry, sender_mac);
    } else {
      ++counters_.ignored;
    }
  } else if (!sender.IsUnspecified()) {
    ++counters_.ignored;
    return;
  }
  if (operation == kRequest && is_for_us) {
    ++counters_.replies_sent;
    SendArp(kReply, sender_mac, sender_mac, sender);
  }
}

// Another card has our address: say once that it is ours, and go on; the user sees the counter [rfc5227 2.4 (b)].
void ArpTable::NoteConflict(const MacAddress& mac) {
  ++counters_.conflicts;
  conflicting_mac_ = mac;
  uint64_t now_ns = environment_.NowNs();
  if (defended_ns_ != 0 && now_ns - defended_ns_ < kDefendIntervalNs) return;
  defended_ns_ = now_ns;
  Announce();
}

void ArpTable::Announce() {
  if (configuration_.address.IsUnspecified()) return;
  SendArp(kRequest, kBroadcastMac, kNoMac, configuration_.address);
}

void ArpTable::SendArp(uint16_t operation, const MacAddress& to, const MacAddress& target_mac, Ipv4Address target) {
  PacketPtr packet = port_.pool().Allocate();
  if (packet == nullptr) return;
  uint8_t* at = packet->Append(kArpBytes);
  Store32(at, kFixedPart >> 32);
  Store16(at + 4, static_cast<uint16_t>(kFixedPart >> 16));
  Store16(at + 6, operation);
  std::memcpy(at + 8, port_.mac().data(), 6);
  Store32(at + 14, configuration_.address.value);
  std::memcpy(at + 18, target_mac.data(), 6);
  Store32(at + 24, target.value);
  port_.Send(to, kEtherTypeArp, std::move(packet));
}

}  // namespace toro::net
