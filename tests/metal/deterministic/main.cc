// deterministic: everything that tells one run from another goes into what this prints: the clock and the cycle counter
// at hundreds of moments on every CPU, who came when, a canary made of random numbers, where memory was found.
#include <cinttypes>
#include <cstdio>

#include "core/base/mix.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"

namespace {

using toro::CpuId;

constexpr int kRounds = 100;

uint64_t Canary() {
  uint64_t canary;
  asm volatile("movq %%fs:40, %0" : "=r"(canary));  // [psabi 3.4.6]
  return canary;
}

struct Observed {
  void Note(uint64_t value) { hash = toro::Mix(hash ^ value); }
  void NoteNow() {
    Note(toro::Machine::Cycles());
    Note(toro::NowNs());
    Note(toro::CurrentCpu().index());
  }
  uint64_t hash = 0;
};

// A thread that wanders, sleeps, and takes memory on each CPU.
uint64_t Wander(size_t me) {
  Observed observed;
  observed.Note(Canary());
  for (int round = 0; round < kRounds; ++round) {
    observed.NoteNow();
    int* object = new int(round);
    observed.Note(reinterpret_cast<uintptr_t>(object));
    if (round % 10 == 0) toro::SleepFor(20'000);
    if (round % 7 == 0) (void)toro::Migrate(CpuId{(me + static_cast<size_t>(round)) % toro::CpuCount()});
    toro::Yield();
    delete object;
  }
  return observed.hash;
}

}  // namespace

int main() {
  toro::Mailbox<uint64_t> arrivals;
  size_t threads = 2 * toro::CpuCount();
  for (size_t i = 0; i < threads; ++i) {
    auto thread = toro::Spawn(CpuId{i % toro::CpuCount()}, [i, &arrivals] {
      uint64_t hash = Wander(i);
      (void)arrivals.Send(hash);
    });
    if (!thread.ok()) return 1;
  }
  Observed order;
  for (size_t i = 0; i < threads; ++i) {
    uint64_t hash = arrivals.Receive();
    order.Note(hash);
    order.NoteNow();
    std::printf("%016" PRIx64 " at %" PRIu64 " ns\n", hash, toro::NowNs());
  }
  std::printf("END %016" PRIx64 " on %zu CPUs\n", order.hash, toro::CpuCount());
  return 0;
}
