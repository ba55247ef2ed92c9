// SackScoreboard: what the receiver has of the bytes that are not acknowledged [rfc2018], [rfc6675].
//
// INVARIANTS
//   I1. The ranges are in the order of the stream, neither overlap nor touch, and lie in what was sent and not
//       acknowledged: a block that does not is ignored.
//   I2. At most kMaxRanges; what does not fit is forgotten, which costs a retransmission and nothing else.
#ifndef SERVICES_NET_SACK_SCOREBOARD_H_
#define SERVICES_NET_SACK_SCOREBOARD_H_

#include <cstddef>
#include <cstdint>

#include "services/net/tcp_sequence.h"

namespace toro::net {

class SackScoreboard {
 public:
  static constexpr size_t kMaxRanges = 32;
  static constexpr size_t kDuplicateThreshold = 3;  // [rfc6675 2]

  // The receiver has `block`. [unacknowledged, next) is what was sent. True: that is news.
  bool Add(SequenceRange block, Sequence unacknowledged, Sequence next);
  void RemoveBefore(Sequence unacknowledged);
  void Clear() { count_ = 0; }

  bool empty() const { return count_ == 0; }
  // How many bytes of [begin, end) the receiver has.
  uint32_t Has(Sequence begin, Sequence end) const;
  // Everything before this that the receiver has not is lost: behind it, it has three ranges, or more than two
  // segments [rfc6675 4: IsLost]. `unacknowledged` if nothing is.
  Sequence LostEnd(Sequence unacknowledged, uint32_t mss) const;
  // The first bytes of [begin, end) that the receiver has not; empty: it has all.
  SequenceRange FirstHole(Sequence begin, Sequence end) const;

 private:
  SequenceRange ranges_[kMaxRanges];
  size_t count_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_SACK_SCOREBOARD_H_
