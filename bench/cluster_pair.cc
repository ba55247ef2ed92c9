#include "bench/cluster_pair.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "core/machine/machine.h"
#include "platform/hosted/executor.h"
#include "platform/x86_64/cpu_instructions.h"

namespace toro::bench {
namespace {

class PollingExecutor : public hosted::Executor {
 public:
  void WakeCpu(CpuId) override {}
  void HaltCpu(uint64_t) override {}
  uint64_t NowNs() override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
  }
  void Relax() override { x86_64::Pause(); }
};

MemoryRange ReserveMemory(size_t bytes) {
  void* memory = mmap(nullptr, bytes + kLargePageBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "bench: cannot reserve %zu MiB of address space; raise the limit (ulimit -v)\n", bytes / kMiB);
    std::exit(1);
  }
  return {AlignUp(reinterpret_cast<uintptr_t>(memory), kLargePageBytes), bytes};
}

}  // namespace

PartitionRanges ReserveRanges(size_t bytes) {
  PartitionRanges ranges;
  ranges.ranges[0] = ReserveMemory(bytes);
  ranges.count = 1;
  ranges.bytes = bytes;
  return ranges;
}

ClusterPair& ClusterPair::Get() {
  static ClusterPair pair;
  return pair;
}

ClusterPair::ClusterPair() {
  static PollingExecutor executor;
  hosted::SetExecutor(executor);
  constexpr size_t kCpus = 2;
  MemoryRange memory = ReserveMemory(kCpus * kBytesPerCpu);
  ClusterConfig config;
  config.cpus = kCpus;
  config.memory = {&memory, 1};
  config.boot_seed = 1;
  Cluster& cluster = Cluster::Create(config);
  hosted::AdoptPthread();
  cluster.Enter(kNearCpu);
}

Job ClusterPair::InThread(Job body) {
  return [this, body](uint64_t operations) { return RunInThread(body, operations); };
}

Job ClusterPair::Stepping() {
  return [this](uint64_t) { return StepWhileNearRuns(); };
}

void ClusterPair::StepOrWait(Cpu& cpu) {
  constexpr int kPolls = 32;
  if (cpu.Step()) return;
  for (int i = 0; i < kPolls && cpu.exchange().Quiet(); ++i) Machine::Relax();
}

bool ClusterPair::RunInThread(const Job& body, uint64_t operations) {
  bool done = false;
  bool correct = false;
  Cpu& cpu = Cpu::Current();
  Result<ThreadId> thread = Spawn(kNearCpu, [&] {
    correct = body(operations);
    done = true;
  });
  if (!thread.ok() || cpu.scheduler().Detach(thread.value()) != Status::kOk) return false;
  while (!done) StepOrWait(cpu);
  finished_.store(finished_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return correct;
}

void ClusterPair::EnterFar() {
  if (far_entered_) return;
  far_entered_ = true;
  hosted::AdoptPthread();
  Cluster::Get().Enter(kFarCpu);
}

bool ClusterPair::StepWhileNearRuns() {
  // The near side cannot finish before this side has stepped, so this is the count of the sample before.
  uint64_t before = finished_.load(std::memory_order_relaxed);
  EnterFar();
  Cpu& cpu = Cpu::Current();
  while (finished_.load(std::memory_order_acquire) == before) StepOrWait(cpu);
  return true;
}

}  // namespace toro::bench
