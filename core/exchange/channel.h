// Channel: small messages from one CPU to one other, the payload in the same cache line as the flag.
//
// WHY. A slot hands over a pointer, so the receiver pays two line transfers: the slot and the node. A channel is a ring
// of lines; each carries up to seven words and one control word that says whose handler they are for. One store
// publishes the line, and one transfer delivers it.
//
// LAYOUT of the control word
//   63..51  lap      number of times the ring has been filled, from 1, modulo 8192: tells a new line from an old one
//   50..48  count    words in the line, 1..7
//   47..0   handler  the function that takes them; code lies below 2^47 in both worlds
//
// INVARIANTS
//   I1. A line belongs to the receiver when its lap is the receiver's; else to the sender.
//   I2. The sender is at most kLines ahead of the credit that the receiver returned.
//   I3. The receiver writes no line. It returns credit in a word of its own, once per kCreditStride lines and before it
//       sleeps, so that it does not take the sender's lines away.
//   I4. Messages of one channel are handled in the order in which they were published. Nothing is dropped: a full
//       channel refuses, and the sender decides.
//
// MEMORY ORDER
//   Publish stores the control word with release, Peek loads it with acquire: the payload is visible with the flag.
//   The credit is stored with release and loaded with acquire: the receiver's reads of a line come before the sender's
//   next writes to it (tests/models, bad_channel_*).
//
// COST. Sender: one store per word, one release store per line. Receiver: one acquire load per line.
#ifndef CORE_EXCHANGE_CHANNEL_H_
#define CORE_EXCHANGE_CHANNEL_H_

#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/exchange/atomics.h"

namespace toro {

class Cpu;

inline constexpr size_t kChannelWords = 7;

// Takes the words of one line, on the receiving CPU, in message context: must not block. `words` is valid only during
// the call.
using ChannelHandler = void (*)(Cpu& here, CpuId from, const uint64_t* words, size_t count);

template <typename Atomics = KernelAtomics>
struct alignas(kCacheLineBytes) ChannelLine {
  typename Atomics::template Plain<uint64_t> words[kChannelWords];
  typename Atomics::template Word<uint64_t> control;
};

// The words that both sides share. `Lines` is a power of two.
template <size_t Lines, typename Atomics = KernelAtomics>
struct alignas(kSharedStrideBytes) ChannelRing {
  static_assert(IsPowerOfTwo(Lines));
  static constexpr size_t kLines = Lines;
  static constexpr size_t kCreditStride = Lines < 4 ? 1 : Lines / 4;

  struct alignas(kSharedStrideBytes) Credit {
    typename Atomics::template Word<uint64_t> taken;  // lines that the receiver is done with
  };

  ChannelLine<Atomics> lines[Lines];
  Credit credit;
};

namespace channel_internal {

inline constexpr unsigned kCountShift = 48;
inline constexpr unsigned kLapShift = 51;
inline constexpr uint64_t kHandlerMask = (uint64_t{1} << kCountShift) - 1;

template <size_t Lines>
constexpr uint64_t LapOf(uint64_t position) {
  return (position / Lines + 1) & 0x1fff;
}

}  // namespace channel_internal

// The sender's private end. One CPU.
template <size_t Lines, typename Atomics = KernelAtomics>
class ChannelSender {
 public:
  using Ring = ChannelRing<Lines, Atomics>;

  explicit ChannelSender(Ring* ring) : ring_(ring) {}

  // The line to fill, or null when the channel is full. The same line until Publish.
  ChannelLine<Atomics>* Open() {
    if (position_ - taken_ == Lines) {
      taken_ = ring_->credit.taken.LoadAcquire();
      if (position_ - taken_ == Lines) return nullptr;
    }
    return &ring_->lines[position_ % Lines];
  }

  // That line, when Open has given it and it is not published.
  ChannelLine<Atomics>& opened() { return ring_->lines[position_ % Lines]; }

  // Publishes the open line with its first `count` words, 1..7.
  template <typename Handler>
  void Publish(Handler handler, size_t count) {
    using namespace channel_internal;
    uint64_t control = LapOf<Lines>(position_) << kLapShift | uint64_t{count} << kCountShift |
                       (reinterpret_cast<uint64_t>(handler) & kHandlerMask);
    ring_->lines[position_ % Lines].control.StoreRelease(control);
    ++position_;
  }

  // Lines that were ever published.
  uint64_t published() const { return position_; }

  // Has the receiver said that it is done with everything that was published?
  bool AllTaken() const { return ring_->credit.taken.LoadRelaxed() == position_; }

 private:
  Ring* ring_;
  uint64_t position_ = 0;  // lines published
  uint64_t taken_ = 0;     // the credit when last looked at
};

// The receiver's private end. One CPU.
template <size_t Lines, typename Atomics = KernelAtomics>
class ChannelReceiver {
 public:
  using Ring = ChannelRing<Lines, Atomics>;

  explicit ChannelReceiver(Ring* ring) : ring_(ring) {}

  // Is there a line to take? Also the look before sleeping. Needs no acquire: the words are read after TakeLine's load.
  bool HasLine() const { return IsNew(Control().LoadRelaxed()); }

  // Passes the next line to take(handler, line, count) and is done with it. False when there is none. `take` must call
  // neither TakeLine nor ReturnCredit: both would give the line back while it is read (bad_channel_credit_early).
  template <typename Handler = ChannelHandler, typename Take>
  bool TakeLine(Take take) {
    using namespace channel_internal;
    uint64_t control = Control().LoadAcquire();
    if (!IsNew(control)) return false;
    const ChannelLine<Atomics>& line = ring_->lines[position_ % Lines];
    // In a burst the lines ahead are on their way while this one is worked on. [bench: one_way_batch]
    __builtin_prefetch(&ring_->lines[(position_ + kPrefetchLines) % Lines]);
    ++position_;
    take(reinterpret_cast<Handler>(control & kHandlerMask), line, size_t{(control >> kCountShift) & 7});
    if (position_ - returned_ >= Ring::kCreditStride) ReturnCredit();
    return true;
  }

  // Lines that were ever taken.
  uint64_t taken() const { return position_; }

  // Before sleeping, so that the sender can see that all was taken.
  void ReturnCredit() {
    if (returned_ == position_) return;
    returned_ = position_;
    ring_->credit.taken.StoreRelease(position_);
  }

 private:
  static constexpr uint64_t kPrefetchLines = 4;

  const typename Atomics::template Word<uint64_t>& Control() const { return ring_->lines[position_ % Lines].control; }
  bool IsNew(uint64_t control) const {
    return control >> channel_internal::kLapShift == channel_internal::LapOf<Lines>(position_);
  }

  Ring* ring_;
  uint64_t position_ = 0;  // lines taken
  uint64_t returned_ = 0;  // the credit last stored
};

}  // namespace toro

#endif  // CORE_EXCHANGE_CHANNEL_H_
