// RetransmissionTimeout: how long to wait for an acknowledgment [rfc6298].
//
// The lower bound is 200 ms and not the second that [rfc6298 2.4] recommends: every peer of today acknowledges within
// less, and on a local network a second is thousands of round trips.
#ifndef SERVICES_NET_RETRANSMISSION_TIMEOUT_H_
#define SERVICES_NET_RETRANSMISSION_TIMEOUT_H_

#include <algorithm>
#include <cstdint>

#include "core/base/units.h"

namespace toro::net {

class RetransmissionTimeout {
 public:
  static constexpr uint64_t kInitialNs = 1 * kNsPerSecond;  // [rfc6298 2.1]
  static constexpr uint64_t kMinNs = 200 * kNsPerMs;
  static constexpr uint64_t kMaxNs = 60 * kNsPerSecond;  // [rfc6298 2.5]
  static constexpr uint64_t kGranularityNs = 1 * kNsPerMs;
  static constexpr uint64_t kAfterLostSynNs = 3 * kNsPerSecond;  // [rfc6298 5.7]

  // One round trip took so long; of a segment that was sent once [rfc6298 3].
  void AddSample(uint64_t round_trip_ns) {
    if (smoothed_ns_ == 0) {
      smoothed_ns_ = std::max<uint64_t>(round_trip_ns, 1);
      variation_ns_ = round_trip_ns / 2;
    } else {
      uint64_t error = round_trip_ns > smoothed_ns_ ? round_trip_ns - smoothed_ns_ : smoothed_ns_ - round_trip_ns;
      variation_ns_ = (3 * variation_ns_ + error) / 4;
      smoothed_ns_ = (7 * smoothed_ns_ + round_trip_ns) / 8;
    }
    base_ns_ = smoothed_ns_ + std::max(kGranularityNs, 4 * variation_ns_);
    base_ns_ = std::clamp(base_ns_, kMinNs, kMaxNs);
  }

  // Nobody has answered [rfc6298 5.5].
  void BackOff() { doublings_ += ns() < kMaxNs; }
  // New data was acknowledged.
  void EndBackOff() { doublings_ = 0; }
  // Data transmission begins after a SYN that had to be sent again, and no round trip is known.
  void NoteLostSyn() {
    if (smoothed_ns_ == 0) base_ns_ = kAfterLostSynNs;
  }

  uint64_t ns() const { return std::min(base_ns_ << doublings_, kMaxNs); }
  uint64_t smoothed_ns() const { return smoothed_ns_; }  // 0: none measured

 private:
  uint64_t smoothed_ns_ = 0;
  uint64_t variation_ns_ = 0;
  uint64_t base_ns_ = kInitialNs;
  unsigned doublings_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_RETRANSMISSION_TIMEOUT_H_
