// ArpTable: which card answers to which IPv4 address of the local network [rfc826], [rfc5227].
//
// INVARIANTS
//   I1. At most kEntries neighbours; a new one takes the place of the one not used for longest that nothing waits for.
//   I2. At most kQueued packets wait for a neighbour, the newest ones; all are released after kRequests questions.
//   I3. A reply is believed only while its question is open, a request only about its sender; nobody's word changes
//       what we know of our own address, of a broadcast address or of a group of cards.
#ifndef SERVICES_NET_ARP_H_
#define SERVICES_NET_ARP_H_

#include <cstddef>
#include <cstdint>

#include "core/sched/timer_wheel.h"
#include "services/net/environment.h"
#include "services/net/ethernet.h"
#include "services/net/ipv4_address.h"

namespace toro::net {

class ArpTable {
 public:
  static constexpr size_t kEntries = 64;
  static constexpr size_t kQueued = 4;  // [rfc1122 2.3.2.2] demands one
  static constexpr unsigned kRequests = 3;
  static constexpr uint64_t kRequestIntervalNs = 1 * kNsPerSecond;  // [rfc1122 2.3.2.1]: at most one per second
  static constexpr uint64_t kLifetimeNs = 60 * kNsPerSecond;        // then the neighbour is asked again, while in use
  static constexpr uint64_t kDefendIntervalNs = 10 * kNsPerSecond;  // [rfc5227 2.4]

  struct Counters {
    uint64_t requests_sent = 0;
    uint64_t replies_sent = 0;
    uint64_t malformed = 0;
    uint64_t ignored = 0;     // I3
    uint64_t unresolved = 0;  // packets released because nobody answered, or because there was no room to wait
    uint64_t conflicts = 0;   // another card uses our address
  };

  ArpTable(EthernetPort& port, NetEnvironment& environment, TimerWheel& timers, const Ipv4Configuration& configuration);
  ~ArpTable();

  // Sends an IPv4 packet to a neighbour, as soon as its card is known.
  void Send(Ipv4Address neighbour, PacketPtr packet);
  // An ARP packet without its Ethernet header.
  void Receive(PacketPtr packet);
  // Tells the neighbours who has our address now.
  void Announce();
  // Forgets everything, as after a change of the address.
  void Clear();

  const Counters& counters() const { return counters_; }
  // The card that used our address last; all zero: none.
  const MacAddress& conflicting_mac() const { return conflicting_mac_; }
  size_t used() const;

 private:
  enum class State : uint8_t { kFree, kResolving, kKnown };
  struct Entry : Timer {
    ArpTable* table = nullptr;
    State state = State::kFree;
    unsigned asked = 0;  // questions since the last answer
    Ipv4Address address;
    MacAddress mac = {};
    uint64_t answered_ns = 0;
    uint64_t used_ns = 0;
    PacketQueue waiting;
  };

  static void Fire(Timer& timer);
  Entry* Find(Ipv4Address address);
  Entry* Take(Ipv4Address address);
  void Release(Entry& entry);
  void Ask(Entry& entry);
  void Learn(Entry& entry, const MacAddress& mac);
  void NoteConflict(const MacAddress& mac);
  void SendArp(uint16_t operation, const MacAddress& to, const MacAddress& target_mac, Ipv4Address target);

  EthernetPort& port_;
  NetEnvironment& environment_;
  TimerWheel& timers_;
  const Ipv4Configuration& configuration_;
  Counters counters_;
  MacAddress conflicting_mac_ = {};
  uint64_t defended_ns_ = 0;  // 0: never
  Entry entries_[kEntries];
};

}  // namespace toro::net

#endif  // SERVICES_NET_ARP_H_
