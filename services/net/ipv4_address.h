// Ipv4Address, and the classes of addresses that a host must tell apart [rfc1122 3.2.1.3].
#ifndef SERVICES_NET_IPV4_ADDRESS_H_
#define SERVICES_NET_IPV4_ADDRESS_H_

#include <cstdint>

namespace toro::net {

struct Ipv4Address {
  uint32_t value = 0;  // the first number of the dotted form in the highest byte

  static constexpr Ipv4Address Of(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return {static_cast<uint32_t>(a) << 24 | static_cast<uint32_t>(b) << 16 | static_cast<uint32_t>(c) << 8 | d};
  }
  constexpr bool operator==(const Ipv4Address&) const = default;

  constexpr bool IsUnspecified() const { return value == 0; }
  constexpr bool IsThisNetwork() const { return value >> 24 == 0; }
  constexpr bool IsLoopback() const { return value >> 24 == 127; }
  constexpr bool IsMulticast() const { return value >> 28 == 0xe; }
  constexpr bool IsReserved() const { return value >> 28 == 0xf; }  // the limited broadcast among them
  constexpr bool IsLimitedBroadcast() const { return value == 0xffffffff; }
  // Can name one host on a network.
  constexpr bool IsUnicast() const { return !IsThisNetwork() && !IsLoopback() && !IsMulticast() && !IsReserved(); }
};

// The address of this host and the way to all others.
struct Ipv4Configuration {
  Ipv4Address address;  // 0.0.0.0: none yet
  Ipv4Address mask = Ipv4Address::Of(255, 255, 255, 0);
  Ipv4Address gateway;  // 0.0.0.0: none, only the local network is reached

  constexpr bool IsOnLink(Ipv4Address other) const { return ((address.value ^ other.value) & mask.value) == 0; }
  constexpr bool IsBroadcast(Ipv4Address other) const {
    return other.IsLimitedBroadcast() ||
           (!address.IsUnspecified() && IsOnLink(other) && ~mask.value > 1 &&
            ((other.value | mask.value) == ~uint32_t{0} || (other.value & ~mask.value) == 0));
  }
};

}  // namespace toro::net

#endif  // SERVICES_NET_IPV4_ADDRESS_H_
