// TwoHosts: two stacks, and between them a wire that loses, delays, repeats, reorders and damages by seed.
//
// Everything runs in virtual time on one thread: Step() lets both stacks work and then goes to the next moment at which
// something happens. The same seed gives the same run, frame by frame.
#ifndef SERVICES_NET_TESTING_TWO_HOSTS_H_
#define SERVICES_NET_TESTING_TWO_HOSTS_H_

#include <cstdint>
#include <map>

#include "services/net/testing/test_host.h"

namespace toro::net {

struct WireFaults {
  unsigned loss_permille = 0;
  unsigned duplicate_permille = 0;
  unsigned reorder_permille = 0;  // so many frames are delayed by up to four delays more
  unsigned corrupt_permille = 0;  // one bit
  uint64_t delay_ns = 1 * kNsPerMs;
  uint64_t ns_per_byte = 8;   // 1 Gbit/s
  size_t queue_frames = 256;  // a frame that finds so many on their way in its direction is lost
};

class TwoHosts {
 public:
  TwoHosts(uint64_t seed, const WireFaults& faults, const TcpLimits& limits = {}, uint16_t mtu = 1500);

  // False: nothing will ever happen before `until_ns`; the clock stands there then.
  bool Step(uint64_t until_ns = kNever);
  // Steps until `done()`, or until the clock has gone `limit_ns` further: false.
  template <typename Done>
  bool Run(uint64_t limit_ns, Done done) {
    uint64_t until_ns = environment.now_ns + limit_ns;
    while (!done()) {
      if (environment.now_ns >= until_ns) return false;
      Step(until_ns);
    }
    return true;
  }

  // Of the frames that came to an end, and how.
  struct Counters {
    uint64_t frames = 0;
    uint64_t lost = 0;
    uint64_t duplicated = 0;
    uint64_t reordered = 0;
    uint64_t corrupted = 0;
    uint64_t overflowed = 0;
  };

  static constexpr Ipv4Address kA = Ipv4Address::Of(10, 0, 0, 1);
  static constexpr Ipv4Address kB = Ipv4Address::Of(10, 0, 0, 2);

  TestEnvironment environment;
  WireFaults faults;
  TestHost a;
  TestHost b;
  Counters counters;

 private:
  struct Flight {
    TestHost* to;
    Frame frame;
  };

  void Carry(TestHost& from, TestHost& to, uint64_t& free_ns, size_t& under_way);
  bool Happens(unsigned permille) { return permille > 0 && dice_.Random() % 1000 < permille; }

  TestEnvironment dice_;
  std::multimap<uint64_t, Flight> flights_;  // by arrival
  uint64_t a_free_ns_ = 0;                   // when the wire has taken all that was sent
  uint64_t b_free_ns_ = 0;
  size_t to_a_ = 0;
  size_t to_b_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_TESTING_TWO_HOSTS_H_
