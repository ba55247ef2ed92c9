// SpinUntil: the wait of every benchmark that polls, the same for all contenders.
//
// WHY. With two pinned threads on two free CPUs a poll is a load and a branch. When a CPU is shared with other
// processes a thread that only polls holds up the one that it waits for: so after many polls in vain it gives the CPU
// away. A good sample never gets there.
#ifndef BENCH_SPIN_H_
#define BENCH_SPIN_H_

#include <sched.h>

#include <cstdint>

namespace toro::bench {

enum class Polling {
  kHot,      // again at once
  kWithGap,  // after about 10 ns without a look: a line that is polled hot is taken away from the CPU that writes it
};

inline void PollGap() {
  for (int i = 0; i < 8; ++i) asm volatile("nop; nop; nop; nop; nop; nop");
}

// Calls `ready` until it returns true.
template <Polling kPolling = Polling::kHot, typename Ready>
inline void SpinUntil(Ready ready) {
  constexpr uint32_t kPollsBeforeYield = 1 << 14;
  for (uint32_t polls = 0; !ready();) {
    if (kPolling == Polling::kWithGap) PollGap();
    if (++polls < kPollsBeforeYield) continue;
    polls = 0;
    sched_yield();
  }
}

}  // namespace toro::bench

#endif  // BENCH_SPIN_H_
