// Transfer: a connection between two hosts, bytes in both directions, and everything that must hold afterwards.
#ifndef SERVICES_NET_TESTING_TRANSFER_H_
#define SERVICES_NET_TESTING_TRANSFER_H_

#include <cstdint>
#include <string>

#include "services/net/testing/two_hosts.h"

namespace toro::net {

struct TransferOptions {
  uint64_t seed = 1;
  WireFaults faults;
  TcpLimits limits;
  uint16_t mtu = 1500;
  uint64_t bytes_from_a = 1;
  uint64_t bytes_from_b = 1;
};

struct TransferResult {
  std::string failure;  // empty: every byte arrived, in order, and nothing is left behind
  uint64_t passed_ns = 0;
  uint64_t longest_stall_ns = 0;  // without a byte arriving anywhere, from the first to the last
  TcpLayer::Counters a;
  TcpLayer::Counters b;
  TwoHosts::Counters wire;
};

// One connection from a to b.
TransferResult RunTransfer(const TransferOptions& options);

// Sizes, faults and limits as a function of the seed: everything from a clean wire to 20 % loss, 1 to 200 ms.
TransferOptions OptionsOfSeed(uint64_t seed, uint64_t max_bytes);

}  // namespace toro::net

#endif  // SERVICES_NET_TESTING_TRANSFER_H_
