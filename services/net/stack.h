// NetStack: the protocols of one NIC, on the CPU that owns it.
//
// WHY one per NIC. Nothing in here is shared or global, so nothing is locked: several NICs on several CPUs are several
// stacks that know nothing of each other. Time, randomness and the NIC are given to it: on the host a test is the
// world.
//
// USE. The owner calls Poll until it finds nothing to do, then waits for the NIC, the application, or NextNs().
#ifndef SERVICES_NET_STACK_H_
#define SERVICES_NET_STACK_H_

#include <cstddef>
#include <cstdint>

#include "core/device/nic.h"
#include "core/sched/scheduler.h"
#include "core/sched/timer_wheel.h"
#include "services/net/arp.h"
#include "services/net/environment.h"
#include "services/net/ethernet.h"
#include "services/net/icmp.h"
#include "services/net/ipv4.h"
#include "services/net/tcp.h"
#include "services/net/udp.h"

namespace toro::net {

class NetStack {
 public:
  static constexpr size_t kBurstsPerPoll = 4;
  static constexpr uint64_t kWatchIntervalNs = 1 * kNsPerSecond;

  struct Counters {
    uint64_t frames = 0;
    uint64_t bad_frames = 0;     // too short, or from a group of cards
    uint64_t unknown_types = 0;  // neither ARP nor IPv4
    uint64_t other_cards = 0;    // unicast frames that are not for us
  };

  // Sees every frame before the protocols. True: it has taken the frame, whose PacketPtr it may have moved from. In the
  // context of Poll; must not wait.
  using RawHandler = bool (*)(void* context, PacketPtr& frame);

  NetStack(Nic& nic, PacketPool& pool, NetEnvironment& environment, const Ipv4Configuration& configuration,
           const TcpLimits& limits = {});
  NetStack(const NetStack&) = delete;
  NetStack& operator=(const NetStack&) = delete;

  // Takes up to kBurstsPerPoll bursts of frames, fires timers, and sends what came of it. True: there was something.
  bool Poll();

  // Stops the kernel with a report on a CPU other than the one that made the stack.
  void CheckOwner() const {
    TORO_CHECK(Scheduler::CurrentOrNull() == owner_,
               "used a network stack of another CPU; it belongs to the CPU that made it: Call that CPU, or ask a "
               "thread of it");
  }

  // When Poll has something to do even if nothing comes.
  uint64_t NextNs() const { return timers_.NextNs(); }

  // Sends what has gathered outside of Poll.
  void Flush() { port_.Flush(); }

  // A new address: what was known of neighbours is forgotten, and the new ones hear of us.
  void Configure(const Ipv4Configuration& configuration);

  void SetRawHandler(RawHandler handler, void* context) {
    raw_handler_ = handler;
    raw_context_ = context;
  }

  const Ipv4Configuration& configuration() const { return configuration_; }
  EthernetPort& port() { return port_; }
  ArpTable& arp() { return arp_; }
  Ipv4Layer& ipv4() { return ipv4_; }
  IcmpLayer& icmp() { return icmp_; }
  UdpLayer& udp() { return udp_; }
  TcpLayer& tcp() { return tcp_; }
  const Counters& counters() const { return counters_; }

 private:
  struct WatchTimer : Timer {
    NetStack* stack = nullptr;
  };

  void ReceiveFrame(PacketPtr frame);
  void ReceiveDatagram(const Ipv4Header& header, PacketPtr packet);
  static void FireWatch(Timer& timer);

  const Scheduler* owner_ = Scheduler::CurrentOrNull();  // null in a test without CPUs
  Nic& nic_;
  NetEnvironment& environment_;
  TimerWheel timers_;
  Ipv4Configuration configuration_;
  EthernetPort port_;
  ArpTable arp_;
  Ipv4Layer ipv4_;
  IcmpLayer icmp_;
  UdpLayer udp_;
  TcpLayer tcp_;
  WatchTimer watch_;
  RawHandler raw_handler_ = nullptr;
  void* raw_context_ = nullptr;
  Counters counters_;
};

}  // namespace toro::net

#endif  // SERVICES_NET_STACK_H_
