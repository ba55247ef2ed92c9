// CongestionWindow: how much may be on its way through a network that we know nothing about [rfc5681].
#ifndef SERVICES_NET_CONGESTION_WINDOW_H_
#define SERVICES_NET_CONGESTION_WINDOW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace toro::net {

class CongestionWindow {
 public:
  static constexpr uint32_t kMaxBytes = 4u << 20;

  // [rfc6928 2]
  static constexpr uint32_t InitialBytes(uint32_t mss) { return std::min(10 * mss, std::max(2 * mss, 14600u)); }

  void Begin(uint32_t mss) {
    mss_ = mss;
    bytes_ = InitialBytes(mss);
  }
  // The path carries less than we thought.
  void ChangeMss(uint32_t mss) {
    mss_ = mss;
    bytes_ = std::max(bytes_, mss);
  }

  // `acked` new bytes were acknowledged, outside of fast recovery [rfc5681 3.1].
  void Grow(uint32_t acked) {
    if (bytes_ < threshold_) {
      bytes_ += std::min(acked, mss_);
    } else {
      acked_ += acked;
      if (acked_ < bytes_) return;
      acked_ -= bytes_;
      bytes_ += mss_;
    }
    bytes_ = std::min(bytes_, kMaxBytes);
  }

  // A segment is lost, and others arrive [rfc5681 3.2].
  void Halve(uint32_t in_flight) {
    threshold_ = std::max(in_flight / 2, 2 * mss_);
    bytes_ = threshold_;
    acked_ = 0;
  }
  // Nothing arrives any more [rfc5681 3.1]. `again`: this was so before, and the threshold says so already.
  void Collapse(uint32_t in_flight, bool again) {
    if (!again) threshold_ = std::max(in_flight / 2, 2 * mss_);
    bytes_ = mss_;
    acked_ = 0;
  }
  // Nothing was sent for a timeout: what the window says is old [rfc5681 4.1].
  void RestartAfterIdle() { bytes_ = std::min(bytes_, InitialBytes(mss_)); }
  // Fast recovery ends with little on its way: no burst [rfc6582 3.2, step 3].
  void LimitTo(uint32_t bytes) { bytes_ = std::clamp(bytes, mss_, bytes_); }

  uint32_t bytes() const { return bytes_; }
  uint32_t threshold() const { return threshold_; }

 private:
  uint32_t mss_ = 0;
  uint32_t bytes_ = 0;
  uint32_t threshold_ = ~uint32_t{0};  // as high as possible [rfc5681 3.1]
  uint32_t acked_ = 0;                 // of the present window
};

}  // namespace toro::net

#endif  // SERVICES_NET_CONGESTION_WINDOW_H_
