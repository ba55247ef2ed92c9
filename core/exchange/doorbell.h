// Doorbell: tells a CPU which of its peers have sent something, in O(1) when none has.
//
// WHY. Looking at one slot per peer costs a line per peer. A doorbell is one line (per 64 peers) of byte-wide event
// counters, one per sender; the receiver keeps a private copy of what it has seen and compares eight senders with one
// load. The receiver never writes the line. The first design cleared a flag per sender before it looked at the slot; on
// x86 that clear can wait in the receiver's store buffer until after the look, and then erase a ring that arrived in
// between. A counter that only its sender writes has no such race and needs no fence.
//
// INVARIANTS
//   I1. Byte `s` is written by CPU `s` only.
//   I2. A sender rings after it has published, never before.
//   I3. Between two looks of the receiver a sender rings at most 255 times, so that a change never looks like no
//       change. One look and one drain: at most 2 publishes of a slot (one before the look, whose ring comes after it,
//       one after the take) and twice the lines of a channel (drained, and filled again): 2 + 2 * kLines. That bound is
//       exact (tests/models, bad_doorbell_wrap). exchange.h adds what it drains besides.
//   I4. The bell is a hint: correctness rests on slots and channels, which a CPU looks at before it sleeps.
//
// MEMORY ORDER
//   Ring stores with release and Changed loads with acquire: a receiver that sees the ring sees the publish (I2).
//   IF YOU make either relaxed, the receiver can mark a ring as seen, find the slot empty, and not look again until it
//   goes to sleep (tests/models, bad_doorbell_*).
//
// COST. Empty look at N peers: N/8 loads of one line. Ring: one byte store.
#ifndef CORE_EXCHANGE_DOORBELL_H_
#define CORE_EXCHANGE_DOORBELL_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/exchange/atomics.h"

namespace toro {

inline constexpr size_t kBellsPerWord = sizeof(uint64_t);

// Eight senders.
template <typename Atomics>
struct BasicBellWord {
  void Ring(size_t byte, uint8_t count) { bytes.StoreByteRelease(byte, count); }
  uint64_t Look() const { return bytes.LoadAcquire(); }

  typename Atomics::ByteLine bytes;
};

using BellWord = BasicBellWord<KernelAtomics>;

// What the receiver has seen of one BellWord. Private to the receiver.
template <typename Word = BellWord>
class BellWatch {
 public:
  // A mask with a non-zero byte for each sender that has rung since the last call.
  uint64_t Changed(const Word& word) {
    uint64_t now = word.Look();
    uint64_t changed = now ^ seen_;
    seen_ = now;
    return changed;
  }

  // As Changed() != 0, but leaves the news for the next call.
  bool Pending(const Word& word) const { return word.Look() != seen_; }

 private:
  uint64_t seen_ = 0;
};

}  // namespace toro

#endif  // CORE_EXCHANGE_DOORBELL_H_
