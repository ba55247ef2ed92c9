// Designs for the exchange that we measure beside the one that we use, to know what a change would gain.
//
// Each follows the rules of core/exchange: loads and stores only, one sender, one receiver, and every hand-over is one
// release store that is paired with one acquire load.
#ifndef BENCH_ALTERNATIVES_H_
#define BENCH_ALTERNATIVES_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/exchange/atomics.h"

namespace toro::bench {

template <typename T>
using Word = ProductAtomics::Word<T>;

// A request and its reply in one line, so that the line which the reply travels in is the one that its writer has just
// read. The turn is odd while the request waits for its reply, and even when the reply is there.
//
// COST. Two line transfers for a round trip, and no request for ownership of a second line. A side that polls without a
// gap takes the line back before the other has written to it: poll with a gap (spin.h).
class CallCell {
 public:
  static constexpr size_t kWords = 7;
  uint64_t words[kWords];

  void Request() { turn_.StoreRelease(turn_.LoadRelaxed() + 1); }  // caller, when Idle()
  bool Idle() const { return (turn_.LoadAcquire() & 1) == 0; }     // caller: the reply is there
  bool Waiting() const { return (turn_.LoadAcquire() & 1) != 0; }  // callee: a request is there
  void Reply() { turn_.StoreRelease(turn_.LoadRelaxed() + 1); }    // callee, when Waiting()

 private:
  Word<uint64_t> turn_;
};
struct alignas(kSharedStrideBytes) PaddedCallCell : CallCell {};

// A ring of non-zero words: zero is empty. No index is shared; the receiver writes zero back.
template <size_t Items>
class NilRing {
 public:
  bool Push(uint64_t value) {
    if (words_[head_ % Items].LoadRelaxed() != 0) return false;
    words_[head_++ % Items].StoreRelease(value + 1);
    return true;
  }
  void Flush() {}
  template <typename Visit>
  size_t Take(Visit visit) {
    uint64_t word = words_[tail_ % Items].LoadAcquire();
    if (word == 0) return 0;
    words_[tail_++ % Items].StoreRelaxed(0);
    visit(word - 1);
    return 1;
  }

 private:
  alignas(kSharedStrideBytes) uint64_t head_ = 0;
  alignas(kSharedStrideBytes) uint64_t tail_ = 0;
  alignas(kSharedStrideBytes) Word<uint64_t> words_[Items];
};

// A ring of 63-bit words; the top bit is the parity of the lap. The receiver writes no word of the ring: it returns
// credit.
template <size_t Items>
class ParityRing {
 public:
  ParityRing() {
    for (auto& word : words_) word.StoreRelaxed(kParity);
  }
  bool Push(uint64_t value) {
    if (head_ - credit_seen_ >= Items) {
      credit_seen_ = credit_.LoadAcquire();
      if (head_ - credit_seen_ >= Items) return false;
    }
    words_[head_ % Items].StoreRelease(value | LapOf(head_));
    ++head_;
    return true;
  }
  void Flush() {}
  template <typename Visit>
  size_t Take(Visit visit) {
    uint64_t word = words_[tail_ % Items].LoadAcquire();
    if ((word & kParity) != LapOf(tail_)) return 0;
    if (++tail_ % (Items / 4) == 0) credit_.StoreRelease(tail_);
    visit(word & ~kParity);
    return 1;
  }

 private:
  static constexpr uint64_t kParity = uint64_t{1} << 63;
  static uint64_t LapOf(uint64_t position) { return (position / Items & 1) << 63; }

  alignas(kSharedStrideBytes) uint64_t head_ = 0;
  uint64_t credit_seen_ = 0;
  alignas(kSharedStrideBytes) uint64_t tail_ = 0;
  alignas(kSharedStrideBytes) Word<uint64_t> credit_;
  alignas(kSharedStrideBytes) Word<uint64_t> words_[Items];
};

// A channel whose line is filled item by item: each Push makes its word visible at once, by storing the line's control
// word with a count one higher. A receiver that keeps up takes a word at a time, one that lags takes seven per line.
template <size_t Lines>
class GrowingLine {
 public:
  bool Push(uint64_t value) {
    if (count_ == 0 && line_ - credit_seen_ >= Lines) {
      credit_seen_ = credit_.LoadAcquire();
      if (line_ - credit_seen_ >= Lines) return false;
    }
    Line& line = lines_[line_ % Lines];
    line.words[count_++] = value;
    line.control.StoreRelease((line_ / Lines + 1) << 3 | count_);
    if (count_ == kWords) {
      count_ = 0;
      ++line_;
    }
    return true;
  }
  void Flush() {}
  template <typename Visit>
  size_t Take(Visit visit) {
    Line& line = lines_[taken_line_ % Lines];
    uint64_t control = line.control.LoadAcquire();
    if (control >> 3 != taken_line_ / Lines + 1) return 0;
    size_t count = control & 7;
    size_t from = taken_words_;
    if (count == from) return 0;
    for (size_t i = from; i < count; ++i) visit(line.words[i]);
    taken_words_ = count;
    if (count == kWords) {
      __builtin_prefetch(&lines_[(taken_line_ + kLinesAhead) % Lines]);
      taken_words_ = 0;
      if (++taken_line_ % (Lines / 4) == 0) credit_.StoreRelease(taken_line_);
    }
    return count - from;
  }

 private:
  static constexpr size_t kWords = 7;
  static constexpr size_t kLinesAhead = 4;
  struct alignas(kCacheLineBytes) Line {
    uint64_t words[kWords];
    Word<uint64_t> control;
  };

  alignas(kSharedStrideBytes) uint64_t line_ = 0;
  uint64_t credit_seen_ = 0;
  size_t count_ = 0;
  alignas(kSharedStrideBytes) uint64_t taken_line_ = 0;
  size_t taken_words_ = 0;
  alignas(kSharedStrideBytes) Word<uint64_t> credit_;
  alignas(kSharedStrideBytes) Line lines_[Lines];
};

}  // namespace toro::bench

#endif  // BENCH_ALTERNATIVES_H_
