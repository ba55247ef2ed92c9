// Sequence numbers: positions in a stream, modulo 2^32 [rfc9293 3.4].
//
// They are compared by the sign of their distance, which is right as long as two that meet are less than 2^31 apart: no
// window is larger than 2^30 [rfc7323 2.2].
#ifndef SERVICES_NET_TCP_SEQUENCE_H_
#define SERVICES_NET_TCP_SEQUENCE_H_

#include <cstdint>

namespace toro::net {

using Sequence = uint32_t;

constexpr int32_t Distance(Sequence from, Sequence to) { return static_cast<int32_t>(to - from); }
constexpr bool IsBefore(Sequence a, Sequence b) { return Distance(a, b) > 0; }
constexpr bool IsAtOrBefore(Sequence a, Sequence b) { return Distance(a, b) >= 0; }
constexpr Sequence Earlier(Sequence a, Sequence b) { return IsBefore(a, b) ? a : b; }
constexpr Sequence Later(Sequence a, Sequence b) { return IsBefore(a, b) ? b : a; }

// The bytes [begin, end) of a stream.
struct SequenceRange {
  Sequence begin = 0;
  Sequence end = 0;
  constexpr bool operator==(const SequenceRange&) const = default;
  constexpr bool empty() const { return begin == end; }
};

}  // namespace toro::net

#endif  // SERVICES_NET_TCP_SEQUENCE_H_
