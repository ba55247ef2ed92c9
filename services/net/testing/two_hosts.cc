#include "services/net/testing/two_hosts.h"

#include <algorithm>
#include <utility>

namespace toro::net {
namespace {

TestHost::Options OptionsOf(Ipv4Address address, uint8_t mac, const TcpLimits& limits, uint16_t mtu) {
  TestHost::Options options;
  options.mac = {2, 0, 0, 0, 0, mac};
  options.configuration.address = address;
  options.limits = limits;
  options.mtu = mtu;
  return options;
}

}  // namespace

TwoHosts::TwoHosts(uint64_t seed, const WireFaults& wire_faults, const TcpLimits& limits, uint16_t mtu)
    : environment(seed),
      faults(wire_faults),
      a(environment, OptionsOf(kA, 1, limits, mtu)),
      b(environment, OptionsOf(kB, 2, limits, mtu)),
      dice_(~seed) {}

void TwoHosts::Carry(TestHost& from, TestHost& to, uint64_t& free_ns, size_t& under_way) {
  for (Frame frame; !(frame = from.Sent()).empty();) {
    ++counters.frames;
    free_ns = std::max(free_ns, environment.now_ns) + frame.size() * faults.ns_per_byte;
    if (under_way >= faults.queue_frames) {
      ++counters.overflowed;
      continue;
    }
    if (Happens(faults.loss_permille)) {
      ++counters.lost;
      continue;
    }
    size_t copies = 1;
    if (Happens(faults.duplicate_permille)) {
      ++counters.duplicated;
      copies = 2;
    }
    if (Happens(faults.corrupt_permille)) {
      ++counters.corrupted;
      uint64_t bit = dice_.Random() % (frame.size() * 8);
      frame[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
    for (; copies > 0; --copies) {
      uint64_t at_ns = free_ns + faults.delay_ns;
      if (Happens(faults.reorder_permille)) {
        ++counters.reordered;
        at_ns += dice_.Random() % (4 * faults.delay_ns + 1);
      }
      ++under_way;
      flights_.emplace(at_ns, Flight{&to, frame});
    }
  }
}

bool TwoHosts::Step(uint64_t until_ns) {
  for (bool works = true; works;) {
    works = a.stack().Poll();
    works |= b.stack().Poll();
  }
  Carry(a, b, a_free_ns_, to_b_);
  Carry(b, a, b_free_ns_, to_a_);
  uint64_t next_ns = std::min(a.stack().NextNs(), b.stack().NextNs());
  if (!flights_.empty()) next_ns = std::min(next_ns, flights_.begin()->first);
  bool happens = next_ns < until_ns;
  environment.now_ns = std::max(environment.now_ns, std::min(next_ns, until_ns));
  while (!flights_.empty() && flights_.begin()->first <= environment.now_ns) {
    Flight& flight = flights_.begin()->second;
    --(flight.to == &a ? to_a_ : to_b_);
    flight.to->nic().to_stack.push_back(std::move(flight.frame));
    flights_.erase(flights_.begin());
  }
  return happens;
}

}  // namespace toro::net
