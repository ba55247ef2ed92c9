// The limits of TCP: each has a name, a default, and a reason.
#ifndef SERVICES_NET_TCP_LIMITS_H_
#define SERVICES_NET_TCP_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

namespace toro::net {

struct TcpLimits {
  size_t connections = 16384;  // all states; a new one takes the place of the oldest in TIME-WAIT
  size_t half_open = 256;      // SYN-RECEIVED, of all listeners; beyond, cookies [rfc4987 3.6]
  size_t send_buffer_bytes = 128 * kKiB;
  size_t receive_buffer_bytes = 128 * kKiB;
};

inline constexpr uint64_t kDelayedAckNs = 40 * kNsPerMs;  // below half a second [rfc1122 4.2.3.2]
// Without progress; R2, at least 100 seconds [rfc9293 3.8.3]. Room for sixteen tries, so that loss alone ends nothing.
inline constexpr uint64_t kUserTimeoutNs = 600 * kNsPerSecond;
inline constexpr uint64_t kConnectTimeoutNs = 180 * kNsPerSecond;  // [rfc9293 3.8.3]: three minutes for a SYN
inline constexpr uint64_t kSynReceivedTimeoutNs = 30 * kNsPerSecond;
inline constexpr uint64_t kFinWait2Ns = 60 * kNsPerSecond;  // of a connection that no application holds
// Twice the maximum segment lifetime, which is half a minute here: [rfc9293 3.4.2] takes it as an engineering choice.
inline constexpr uint64_t kTimeWaitNs = 60 * kNsPerSecond;
inline constexpr uint64_t kKeepAliveIntervalNs = 75 * kNsPerSecond;  // between probes that nobody answers
inline constexpr unsigned kKeepAliveProbes = 9;
inline constexpr uint64_t kPawsMaxAgeNs = 24ull * 24 * 3600 * kNsPerSecond;  // [rfc7323 5.5]
inline constexpr uint32_t kDefaultMss = 536;                                 // [rfc9293 3.7.1: MUST-15]
inline constexpr uint32_t kMinMss = 64;       // a peer that asks for less is given this: work per byte is bounded
inline constexpr uint16_t kMinPathMtu = 552;  // an ICMP message that asks for less is not believed [rfc5927 7.2]
// Answers to segments that change nothing, of one connection [rfc5961 10]: two stacks cannot keep each other busy.
inline constexpr uint64_t kChallengeIntervalNs = 500 * kNsPerMs;
inline constexpr unsigned kChallengesPerInterval = 5;

}  // namespace toro::net

#endif  // SERVICES_NET_TCP_LIMITS_H_
