// canary: every thread has a stack canary of its own, which it keeps. Prints them, to be compared with other boots'.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <vector>

#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace {

using contract::Check;
using toro::CpuId;

// Where -fstack-protector looks for it [psabi 3.4.6].
uint64_t MyCanary() {
  uint64_t canary;
  asm volatile("movq %%fs:40, %0" : "=r"(canary));
  return canary;
}

// A frame that stands while its thread goes to another CPU and back is compared with the same canary.
[[gnu::noinline]] bool KeepsAFrameOverMigration(CpuId away) {
  char array[64];
  std::memset(array, 'x', sizeof array);
  asm volatile("" : : "r"(array) : "memory");
  uint64_t before = MyCanary();
  bool there = toro::Migrate(away) == toro::Status::kOk && MyCanary() == before;
  bool back = toro::Migrate(toro::kBootCpu) == toro::Status::kOk && MyCanary() == before;
  return there && back && array[63] == 'x';
}

std::vector<uint64_t> CanariesOfThreads() {
  std::vector<uint64_t> canaries{MyCanary()};
  // The threads of one CPU run on the same stack, one after the other: a dead thread's canary is no living one's.
  for (size_t i = 0; i < 3 * toro::CpuCount(); ++i) {
    uint64_t canary = 0;
    auto thread = toro::Spawn(CpuId{i % toro::CpuCount()}, [&canary] { canary = MyCanary(); });
    if (thread.ok()) (void)toro::Join(thread.value());
    canaries.push_back(canary);
  }
  for (size_t cpu = 0; cpu < toro::CpuCount(); ++cpu) {
    if (cpu != 0) canaries.push_back(toro::Call(CpuId{cpu}, [] { return MyCanary(); }));  // of the loop
  }
  return canaries;
}

// Short detached threads share a stack without a switch between them.
void DetachedThreadsBeginOnAFrameThatStands() {
  toro::Mailbox<int> done;
  constexpr int kThreads = 100;
  for (int i = 0; i < kThreads; ++i) {
    (void)toro::SpawnDetached(
        CpuId{toro::CpuCount() - 1},
        [](void* mailbox) {
          char array[32];
          std::memset(array, 'y', sizeof array);
          asm volatile("" : : "r"(array) : "memory");
          (void)static_cast<toro::Mailbox<int>*>(mailbox)->Send(1);
        },
        &done);
  }
  int ended = 0;
  while (ended < kThreads) ended += done.Receive();
  Check(ended == kThreads, "detached threads that share a stack end in peace");
}

}  // namespace

int main() {
  std::vector<uint64_t> canaries = CanariesOfThreads();
  bool proper = true;
  for (uint64_t canary : canaries) {
    proper &= canary != 0 && (canary & 0xff) == 0;
    std::printf("canary %016lx\n", canary);
  }
  Check(proper, "a canary is not zero, and its lowest byte ends a string");
  Check(std::set<uint64_t>(canaries.begin(), canaries.end()).size() == canaries.size(), "no two threads have the same");
  Check(KeepsAFrameOverMigration(CpuId{toro::CpuCount() - 1}), "a thread keeps its canary when it migrates");
  DetachedThreadsBeginOnAFrameThatStands();
  return contract::End();
}
