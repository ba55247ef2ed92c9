// EthernetPort: frames of one NIC, to and from the protocols above.
//
// What is sent gathers until Flush, so that a burst costs one access to the card. A NIC that has no room leaves packets
// here, at most kMaxBacklog; more are dropped and counted: every protocol above expects loss.
#ifndef SERVICES_NET_ETHERNET_H_
#define SERVICES_NET_ETHERNET_H_

#include <cstddef>
#include <cstdint>

#include "core/device/nic.h"

namespace toro::net {

inline constexpr size_t kEthernetHeaderBytes = 14;
inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeArp = 0x0806;
inline constexpr MacAddress kBroadcastMac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

constexpr bool IsGroupMac(const MacAddress& mac) { return (mac[0] & 1) != 0; }  // multicast or broadcast

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  uint16_t type = 0;

  // Takes the header off the frame. False: the frame is too short, or its sender is no single card.
  static bool Take(Packet& frame, EthernetHeader& header);
};

class EthernetPort {
 public:
  static constexpr size_t kMaxBacklog = 256;

  EthernetPort(Nic& nic, PacketPool& pool) : nic_(nic), pool_(pool), mac_(nic.description().mac) {}

  void Send(const MacAddress& destination, uint16_t type, PacketPtr packet);
  // A whole frame, headers included.
  void SendFrame(PacketPtr frame);
  // Everything that was sent goes on its way, as far as the NIC has room.
  void Flush();

  Nic& nic() { return nic_; }
  PacketPool& pool() { return pool_; }
  const MacAddress& mac() const { return mac_; }
  size_t mtu() const { return nic_.description().mtu; }
  uint64_t dropped() const { return dropped_; }

 private:
  Nic& nic_;
  PacketPool& pool_;
  MacAddress mac_;
  PacketQueue backlog_;
  uint64_t dropped_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_ETHERNET_H_
