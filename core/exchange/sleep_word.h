// SleepWord: lets a CPU halt without losing a wake-up, and without a fence on the path that sends.
//
// WHY. The sleeper writes `sleeping` and then looks at its slots; the sender writes a slot and then looks at
// `sleeping`. With store buffers both can miss each other, and the usual cure, a fence in the sender, costs every send.
// Here the sender remembers instead (PendingWakes, below), and looks again at its later steps and once more, after its
// own fence, before it sleeps itself.
//
// INVARIANTS: the protocol. Without S2 a wake-up comes only at the sender's next step, without the store of P4 some
// wake-ups are needless; every other line is needed: tests/models removes or moves them one by one and loses a wake-up.
//   The sleeper
//     P1  AnnounceSleep: stores 1, then fences
//     P2  looks at every slot and channel
//     P3  found nothing: halts, so that a wake-up sent since P1 ends the halt
//     P4  EndSleep: stores 0, and looks again
//   The sender
//     S1  publishes
//     S2  loads `sleeping`; set: wakes
//     S3  else remembers the receiver
//     S4  at later steps: loads `sleeping` of each remembered receiver; set: wakes, unless it took everything; forgets
//     S5  before it sleeps, after the fence of P1: the same for all that are remembered, and forgets them
//
// WHY IT HOLDS. A publish leaves the sender's store buffer in finite time. If the sender keeps stepping, some S4 comes
// after that and after P1 became visible, and wakes. If it goes to sleep, its own fence makes the publish visible
// before S5 loads `sleeping`: either it reads 1 and wakes, or it reads 0, and then the receiver's P1, and so P2, comes
// later and sees the publish.
//
// WATCHING. A sleeper whose platform ends the halt when its doorbell is written (platform::WatchLine) leaves out the
// store of P1, and puts between P1 and P2:
//     P1w  watches the bells: what is rung from now on ends the halt
// Then S2, S4 and S5 never see it asleep, and no wake-up is sent. What rang before P1w, P2 sees; what rings after it,
// ends the halt; and nothing is published without a ring (exchange.h, I4). The fence stays, for S5.
// tests/models/watch_* shows this, and that P1w must come before P2.
//
// MEMORY ORDER. Relaxed everywhere but the fence: no data passes by this word. The wake-up itself must not overtake
// what was stored before it (platform::WakeCpu promises that; tests/models, bad_wake_overtakes).
//
// COST. On a send one load, of a line that stays in the sender's cache while the receiver neither sleeps nor wakes.
#ifndef CORE_EXCHANGE_SLEEP_WORD_H_
#define CORE_EXCHANGE_SLEEP_WORD_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/exchange/atomics.h"

namespace toro {

template <typename Atomics = KernelAtomics>
class alignas(kSharedStrideBytes) SleepWord {
 public:
  // Owner only (P1). After it the caller must look at all its slots and channels before it halts.
  void AnnounceSleep() {
    sleeping_.StoreRelaxed(1);
    Atomics::FullFence();
  }

  // Owner only (P1 of a sleeper that watches its bells).
  void SleepWatching() { Atomics::FullFence(); }

  // Owner only (P4).
  void EndSleep() { sleeping_.StoreRelaxed(0); }

  // Any CPU (S2, S4, S5).
  bool MaySleep() const { return sleeping_.LoadRelaxed() != 0; }

 private:
  typename Atomics::template Word<uint32_t> sleeping_;
};

// The receivers that this CPU has sent to without knowing that they saw it (S3). Private to the sender.
class PendingWakes {
 public:
  void Remember(CpuId receiver) { words_[receiver.index() / 64] |= uint64_t{1} << (receiver.index() % 64); }

  void Clear() {
    for (uint64_t& word : words_) word = 0;
  }

  bool empty() const {
    uint64_t any = 0;
    for (uint64_t word : words_) any |= word;
    return any == 0;
  }

  // Calls look(receiver) for each; look returns true when the receiver can be forgotten.
  template <typename Look>
  void Review(Look look) {
    for (size_t w = 0; w < kWords; ++w) {
      for (uint64_t rest = words_[w]; rest != 0; rest &= rest - 1) {
        size_t bit = static_cast<size_t>(__builtin_ctzll(rest));
        if (look(CpuId{w * 64 + bit})) words_[w] &= ~(uint64_t{1} << bit);
      }
    }
  }

 private:
  static constexpr size_t kWords = kMaxCpus / 64;
  uint64_t words_[kWords] = {};
};

}  // namespace toro

#endif  // CORE_EXCHANGE_SLEEP_WORD_H_
