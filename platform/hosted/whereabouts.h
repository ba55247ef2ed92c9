// Whereabouts: where the other CPUs were when one failed, for the fatal report of the parallel world.
//
// WHY they are not stopped. One that stands in the C library may hold a lock that the report needs. So each CPU's
// pthread is asked by a signal, notes what it does, and goes on.
#ifndef PLATFORM_HOSTED_WHEREABOUTS_H_
#define PLATFORM_HOSTED_WHEREABOUTS_H_

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"

namespace toro::hosted {

class Whereabouts {
 public:
  // The calling pthread runs CPU `id`. Each once, before any may fail.
  void Enter(CpuId id);

  // Asks all CPUs but the calling one. Any context; once per process.
  void Ask();

  // Prints what they answered; waits for the answers, but not for long.
  void Print();

 private:
  static constexpr size_t kMostFrames = 6;

  struct Place {
    std::atomic<pid_t> pthread{0};  // 0: runs no CPU
    std::atomic<bool> asked{false};
    std::atomic<bool> known{false};  // of what follows
    char thread[24] = {};
    uint64_t frames[kMostFrames] = {};
    size_t count = 0;
  };

  static void OnSignal(int, siginfo_t*, void* context);

  Place places_[kMaxCpus];
};

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_WHEREABOUTS_H_
