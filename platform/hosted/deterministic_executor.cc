#include "platform/hosted/deterministic_executor.h"

#include <algorithm>
#include <cstdio>

#include "core/base/mix.h"
#include "core/kernel/cpu.h"
#include "platform/hosted/fault_handler.h"

namespace toro::hosted {

DeterministicExecutor::DeterministicExecutor(size_t cpus, uint64_t seed, uint64_t most_steps, bool print_trace_hash)
    : cpus_(cpus), random_(seed), most_steps_(most_steps), print_trace_hash_(print_trace_hash) {}

uint64_t DeterministicExecutor::Random() {
  uint64_t mixed = Mix(random_);
  random_ += kMixStride;
  return mixed;
}

void DeterministicExecutor::Record(uint64_t event) {  // FNV-1a over whole words
  trace_hash_ = (trace_hash_ ^ event) * 0x100000001b3;
}

bool DeterministicExecutor::PickCpu(CpuId& chosen) {
  size_t ready[kMaxCpus];
  size_t count = 0;
  for (size_t i = 0; i < cpus_; ++i) {
    SimulatedCpu& cpu = simulated_[i];
    if (cpu.halted && (cpu.wake_pending || cpu.deadline_ns <= now_ns_)) cpu.halted = cpu.wake_pending = false;
    if (!cpu.halted) ready[count++] = i;
  }
  if (count == 0) return false;
  chosen = CpuId{ready[Random() % count]};
  return true;
}

void DeterministicExecutor::JumpToNextDeadline() {
  uint64_t next_ns = kNever;
  for (size_t i = 0; i < cpus_; ++i) next_ns = std::min(next_ns, simulated_[i].deadline_ns);
  if (next_ns == kNever) {
    Die(1, "deadlock: every CPU halts, and nothing will wake any of them; some thread waits for what nobody sends");
  }
  now_ns_ = next_ns;
}

void DeterministicExecutor::Run(Cluster& cluster) {
  AdoptPthread();
  UseFaultStack();
  BeginStallWatch();
  for (;;) {
    if (!PickCpu(stepping_)) {
      JumpToNextDeadline();
      continue;
    }
    if (most_steps_ != 0 && steps_ == most_steps_) {
      const char* next = NextThreadNameOf(stepping_);
      Die(1, "the run did not end within %llu steps; CPU %zu was to go on with %s%s; --steps=N sets another bound",
          static_cast<unsigned long long>(most_steps_), stepping_.index(), next != nullptr ? "thread " : "its loop",
          next != nullptr ? next : "");
    }
    ++steps_;
    now_ns_ += kStepNs;
    Cpu& cpu = cluster.Enter(stepping_);
    cpu.AssertHere();
    bool worked = cpu.Step();
    Record(stepping_.index() << 1 | (worked ? 1 : 0));
    if (!worked) cpu.Sleep();
    Record(cpu.exchange().counters().messages_received << 32 ^ cpu.exchange().counters().lines_received);
  }
}

void DeterministicExecutor::WakeCpu(CpuId cpu) { simulated_[cpu.index()].wake_pending = true; }

void DeterministicExecutor::HaltCpu(uint64_t deadline_ns) {
  simulated_[stepping_.index()].halted = true;
  simulated_[stepping_.index()].deadline_ns = deadline_ns;
}

// They stand between two steps.
void DeterministicExecutor::ReportOthers() {
  for (size_t i = 0; i < cpus_; ++i) {
    const char* next = CpuId{i} != stepping_ ? NextThreadNameOf(CpuId{i}) : nullptr;
    if (next != nullptr) std::fprintf(stderr, "  CPU %zu was to go on with thread %s\n", i, next);
  }
}

void DeterministicExecutor::BeforePowerOff(int status) {
  Record(static_cast<uint64_t>(status));
  if (!print_trace_hash_) return;
  std::fprintf(stderr, "toro: %llu steps, trace hash %016llx\n", static_cast<unsigned long long>(steps_),
               static_cast<unsigned long long>(trace_hash_));
}

}  // namespace toro::hosted
