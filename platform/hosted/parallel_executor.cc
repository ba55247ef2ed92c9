#include "platform/hosted/parallel_executor.h"

#include <sched.h>
#include <sys/prctl.h>

#include "core/kernel/cpu.h"
#include "platform/hosted/c_library.h"
#include "platform/hosted/fault_handler.h"
#include "platform/x86_64/cpu_instructions.h"

namespace toro::hosted {
namespace {

// The cores that this process may use, in ascending order.
size_t AllowedCores(int* cores, size_t most) {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  size_t count = 0;
  for (int core = 0; core < CPU_SETSIZE && count < most; ++core) {
    if (CPU_ISSET(core, &set)) cores[count++] = core;
  }
  return count;
}

int allowed_cores[CPU_SETSIZE];
thread_local CpuId this_cpu;
thread_local unsigned relaxed = 0;

}  // namespace

ParallelExecutor::ParallelExecutor(size_t cpus) : cpus_(cpus), cores_(AllowedCores(allowed_cores, CPU_SETSIZE)) {}

void ParallelExecutor::Pin(CpuId id) const {
  if (cores_ == 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(allowed_cores[id.index() % cores_], &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void* ParallelExecutor::RunCpu(void* argument) {
  CpuThread& thread = *static_cast<CpuThread*>(argument);
  this_cpu = thread.id;
  thread.executor->Pin(thread.id);
  // Else Linux ends a sleep up to 50 microseconds late, so that it can end several at once (prctl(2)).
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  AdoptPthread();
  if (thread.id != kBootCpu) LeaveShutdownSignals();
  UseFaultStack();
  BeginStallWatch();
  Cpu& cpu = thread.cluster->Enter(thread.id);
  cpu.AssertHere();
  thread.executor->whereabouts_.Enter(thread.id);
  for (;;) {
    if (!cpu.Step()) cpu.Sleep();
  }
}

void ParallelExecutor::Run(Cluster& cluster) {
  for (size_t i = 0; i < cpus_; ++i) threads_[i] = {this, &cluster, CpuId{i}};
  for (size_t i = 1; i < cpus_; ++i) {
    pthread_t thread;
    int error = pthread_create(&thread, nullptr, &RunCpu, &threads_[i]);
    if (error != 0) Die(1, "cannot start a thread for CPU %zu; use fewer --cpus", i);
  }
  RunCpu(&threads_[0]);
  __builtin_unreachable();
}

void ParallelExecutor::WakeCpu(CpuId cpu) {
  std::atomic<uint32_t>& pending = latches_[cpu.index()].pending;
  pending.store(1, std::memory_order_release);
  WakeHostFutex(reinterpret_cast<uint32_t*>(&pending));
}

void ParallelExecutor::HaltCpu(uint64_t deadline_ns) {
  std::atomic<uint32_t>& pending = latches_[this_cpu.index()].pending;
  if (pending.load(std::memory_order_acquire) == 0) {
    // Returns at once if the latch was set meanwhile; early returns are allowed.
    WaitOnHostFutex(reinterpret_cast<uint32_t*>(&pending), 0, deadline_ns);
  }
  pending.store(0, std::memory_order_relaxed);
  (void)pending.load(std::memory_order_acquire);
}

uint64_t ParallelExecutor::NowNs() { return HostClockNs(CLOCK_MONOTONIC); }

void ParallelExecutor::Relax() {
  // With more CPUs than cores, whoever is waited for may need this core.
  if (cpus_ > cores_ || ++relaxed % 64 == 0) {
    YieldToHost();
  } else {
    x86_64::Pause();
  }
}

}  // namespace toro::hosted
