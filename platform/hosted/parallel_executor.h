// ParallelExecutor: each CPU is a pthread, pinned to a core of the host; real time, real parallelism.
#ifndef PLATFORM_HOSTED_PARALLEL_EXECUTOR_H_
#define PLATFORM_HOSTED_PARALLEL_EXECUTOR_H_

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "platform/hosted/executor.h"
#include "platform/hosted/whereabouts.h"

namespace toro::hosted {

class ParallelExecutor : public Executor {
 public:
  explicit ParallelExecutor(size_t cpus);

  // Runs every CPU for ever: CPU 0 on the calling pthread. The process ends by PowerOff.
  [[noreturn]] void Run(Cluster& cluster);

  void WakeCpu(CpuId cpu) override;
  void HaltCpu(uint64_t deadline_ns) override;
  uint64_t NowNs() override;
  void Relax() override;
  void AskOthers() override { whereabouts_.Ask(); }
  void ReportOthers() override { whereabouts_.Print(); }

 private:
  // What an interrupt that is pending is on metal: set by any CPU that wakes this one, cleared by this one.
  // MEMORY ORDER: release in WakeCpu, acquire in HaltCpu: what the waker stored before is visible after the halt.
  struct alignas(kSharedStrideBytes) WakeLatch {
    std::atomic<uint32_t> pending{0};
  };
  struct CpuThread {
    ParallelExecutor* executor;
    Cluster* cluster;
    CpuId id;
  };

  static void* RunCpu(void* cpu_thread);
  void Pin(CpuId id) const;

  size_t cpus_;
  size_t cores_;
  WakeLatch latches_[kMaxCpus];
  CpuThread threads_[kMaxCpus];
  Whereabouts whereabouts_;
};

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_PARALLEL_EXECUTOR_H_
