#include "platform/hosted/deterministic_executor.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "core/kernel/cpu.h"
#include "core/machine/simulation.h"
#include "platform/hosted/fault_handler.h"
#include "platform/hosted/seed_sweep.h"
#include "platform/simulator/checkers.h"
#include "platform/simulator/fault_plan.h"
#include "platform/simulator/store_buffers.h"

namespace toro::hosted {

using simulator::checkers;
using simulator::Event;
using simulator::Fault;
using simulator::fault_plan;
using simulator::OrderKind;
using simulator::store_buffers;

namespace {

// In ticks: an event of the machine comes after less than two to the power of so many.
constexpr unsigned kLateBits = 14;
constexpr unsigned kStallBits = 16;
// A wake-up that was lost is sent again after so many, plus a late one's delay.
constexpr uint64_t kSentAgainTicks = 1 << 15;
constexpr unsigned kJumpBits = 36;  // of nanoseconds: a minute

constexpr unsigned kMostDrawnDelayBits = 12;
constexpr uint64_t kStepsBetweenChecks = 256;

// A message may have to wait for all that can hold up its sender and its receiver.
[[maybe_unused]] uint64_t MostTicksInFlight(size_t cpus, unsigned delay_bits) {
  return 2'000'000 + 20'000 * cpus + (uint64_t{simulator::StoreBuffers::kMostStores} << delay_bits);
}
constexpr uint64_t kUsualMeanSteps = 64;

}  // namespace

DeterministicExecutor::Drawn DeterministicExecutor::Draw(uint64_t seed, const RunChoices& choices) {
  simulator::RandomStream swarm(seed, simulator::kSwarmStream + simulator::kFirstFaultStream);
  // Each is drawn, whether it is needed or not: to fix one changes no other.
  const OrderKind order = swarm.Below(2) == 0 ? OrderKind::kUniform : OrderKind::kPriority;
  const uint64_t mean_steps = uint64_t{1} << swarm.Below(13);
  const auto delay_bits = static_cast<unsigned>(swarm.Below(kMostDrawnDelayBits + 1));
  Drawn drawn{choices.order, kUsualMeanSteps, 0, choices.list_faults};
  if (choices.order == OrderKind::kSwarm) drawn = {order, mean_steps, 0, choices.list_faults};
  drawn.delay_bits = choices.most_store_delay == RunChoices::kDrawn
                         ? delay_bits
                         : static_cast<unsigned>(std::bit_width(choices.most_store_delay));
  return drawn;
}

DeterministicExecutor::DeterministicExecutor(size_t cpus, uint64_t seed, const RunChoices& choices, uint64_t most_steps,
                                             bool print_trace_hash)
    : DeterministicExecutor(cpus, seed, Draw(seed, choices), most_steps, print_trace_hash) {}

DeterministicExecutor::DeterministicExecutor(size_t cpus, uint64_t seed, const Drawn& drawn, uint64_t most_steps,
                                             bool print_trace_hash)
    : cpus_(cpus),
      seed_(seed),
      drawn_(drawn),
      most_steps_(most_steps),
      print_trace_hash_(print_trace_hash),
      order_(drawn.order, cpus, seed, drawn.mean_steps),
      machine_(seed, simulator::kMachineStream) {
  for (size_t i = 0; i < cpus; ++i) awake_.Add(CpuId{i});
  std::fill(deadline_ns_, deadline_ns_ + kMaxCpus, kNever);
  store_buffers.Begin(seed, drawn.delay_bits, &SendWakeUp);
  fault_plan.Begin(seed);
  if constexpr (Simulation::kOn) checkers.messages.Begin(cpus, MostTicksInFlight(cpus, drawn.delay_bits));
}

void DeterministicExecutor::Record(uint64_t event) {  // FNV-1a over whole words
  trace_hash_ = (trace_hash_ ^ event) * 0x100000001b3;
}

// ---- the loop ----

void DeterministicExecutor::Run(Cluster& cluster) {
  AdoptPthread();
  UseFaultStack();
  BeginStallWatch();
  for (size_t i = 0; i < cpus_; ++i) cluster.Enter(CpuId{i});
  for (;;) {
    while (events_.next() <= store_buffers.tick()) Arrive(events_.Take());
    if (now_ns_ >= next_deadline_ns_) WakeOverdue();
    if (signalled_.load(std::memory_order_relaxed) && signalled_.exchange(false)) Wake(kBootCpu);
    simulator::CpuSet able = awake_.Without(stalled_);
    if (able.empty()) {
      PassTime();
      continue;
    }
    stepping_ = order_.Pick(able);
    CountStep();
    store_buffers.Step(stepping_);
    if constexpr (Simulation::kOn) checkers.threads.Step(stepping_);
    Cpu& cpu = cluster.cpu(stepping_);
    cpu.AssertHere();
    Machine::SetCurrentCpuAnchor(&cpu.scheduler());
    bool worked = cpu.Step();
    order_.Stepped(stepping_, worked);
    Record(stepping_.index() << 1 | (worked ? 1 : 0));
    if (!worked) cpu.Sleep();
    Record(cpu.exchange().counters().messages_received << 32 ^ cpu.exchange().counters().lines_received);
    if constexpr (Simulation::kOn) {
      BefallStep();
      if (steps_ % kStepsBetweenChecks == 0) Check(cpu);
    }
  }
}

void DeterministicExecutor::CountStep() {
  if (most_steps_ != 0 && steps_ == most_steps_) {
    const char* next = NextThreadNameOf(stepping_);
    Die(1, "the run did not end within %llu steps; CPU %zu was to go on with %s%s; --steps=N sets another bound",
        static_cast<unsigned long long>(most_steps_), stepping_.index(), next != nullptr ? "thread " : "its loop",
        next != nullptr ? next : "");
  }
  ++steps_;
  now_ns_ += kStepNs;
}

// What may happen to the machine at any step.
void DeterministicExecutor::BefallStep() {
  if (fault_plan.Fires(Fault::kSpuriousIpi)) Wake(CpuId{machine_.Below(cpus_)});
  if (fault_plan.Fires(Fault::kClockJump)) now_ns_ += machine_.AnySize(kJumpBits);
  if (fault_plan.Fires(Fault::kStall) && !stalled_.Has(stepping_)) {
    stalled_.Add(stepping_);
    events_.Add(store_buffers.tick() + machine_.AnySize(kStallBits), Event::Kind::kEndOfStall, stepping_);
  }
}

// What the checkers cannot see at an event.
void DeterministicExecutor::Check(Cpu& cpu) const {
  cpu.AssertHere();
  checkers.messages.CheckAges();
  checkers.threads.CheckReady(cpu.id());
  checkers.memory.CheckBalance(cpu.id(), cpu.partition().Statistics().used_bytes);
}

// I3.
void DeterministicExecutor::PassTime() {
  const uint64_t next_tick = std::min(events_.next(), store_buffers.next_due());
  if (next_tick != simulator::EventQueue::kNoTick) {
    store_buffers.PassTo(next_tick);
    return;
  }
  if (signalled_.load(std::memory_order_relaxed)) return;
  if constexpr (Simulation::kOn) checkers.messages.CheckNothingInFlight();
  next_deadline_ns_ = *std::min_element(deadline_ns_, deadline_ns_ + cpus_);
  if (next_deadline_ns_ == kNever) {
    Die(1, "deadlock: every CPU halts, and nothing will wake any of them; some thread waits for what nobody sends");
  }
  now_ns_ = std::max(now_ns_, next_deadline_ns_);
}

// ---- halts and wake-ups ----

void DeterministicExecutor::HaltCpu(uint64_t deadline_ns) {
  if (woken_.Has(stepping_)) {
    woken_.Remove(stepping_);
    return;
  }
  awake_.Remove(stepping_);
  deadline_ns_[stepping_.index()] = deadline_ns;
  next_deadline_ns_ = std::min(next_deadline_ns_, deadline_ns);
}

void DeterministicExecutor::EndHalt(CpuId cpu) {
  awake_.Add(cpu);
  deadline_ns_[cpu.index()] = kNever;
}

void DeterministicExecutor::WakeOverdue() {
  next_deadline_ns_ = kNever;
  for (size_t i = 0; i < cpus_; ++i) {
    if (deadline_ns_[i] <= now_ns_) EndHalt(CpuId{i});
    next_deadline_ns_ = std::min(next_deadline_ns_, deadline_ns_[i]);
  }
}

void DeterministicExecutor::Wake(CpuId cpu) { awake_.Has(cpu) ? woken_.Add(cpu) : EndHalt(cpu); }

// Behind the stores of the CPU that wakes.
void DeterministicExecutor::WakeCpu(CpuId cpu) {
  if constexpr (Simulation::kOn) {
    store_buffers.Wake(cpu);
  } else {
    Wake(cpu);
  }
}

void DeterministicExecutor::WakeBySignal(CpuId) { signalled_.store(true); }

void DeterministicExecutor::SendWakeUp(CpuId cpu) {
  auto& here = static_cast<DeterministicExecutor&>(CurrentExecutor());
  if (fault_plan.Fires(Fault::kDroppedIpi)) return;
  uint64_t delay = 0;
  if (fault_plan.Fires(Fault::kLateIpi)) delay += here.machine_.AnySize(kLateBits);
  if (fault_plan.Fires(Fault::kLostIpi)) delay += kSentAgainTicks + here.machine_.AnySize(kLateBits);
  if (delay == 0) {
    here.Wake(cpu);
  } else {
    here.events_.Add(store_buffers.tick() + delay, Event::Kind::kWakeUp, cpu);
  }
}

void DeterministicExecutor::Arrive(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kWakeUp: Wake(event.cpu); return;
    case Event::Kind::kEndOfStall: stalled_.Remove(event.cpu); return;
  }
}

// ---- reports ----

// They stand between two steps.
void DeterministicExecutor::ReportOthers() {
  for (size_t i = 0; i < cpus_; ++i) {
    const char* next = CpuId{i} != stepping_ ? NextThreadNameOf(CpuId{i}) : nullptr;
    if (next != nullptr) std::fprintf(stderr, "  CPU %zu was to go on with thread %s\n", i, next);
  }
}

void DeterministicExecutor::BeforePowerOff(int status) {
  Record(static_cast<uint64_t>(status));
  if constexpr (Simulation::kOn) {
    for (size_t i = 0; i < cpus_; ++i) Check(Cluster::Get().cpu(CpuId{i}));
  }
  if (run_result != nullptr) {
    *run_result = {steps_, trace_hash_, {}};
    for (size_t i = 0; i < simulator::kFaults; ++i) run_result->faults[i] = fault_plan.fired(static_cast<Fault>(i));
  }
  if (!print_trace_hash_) return;
  if constexpr (Simulation::kOn) {
    ReportRun();
    std::fprintf(stdout, "%016llx\n", static_cast<unsigned long long>(trace_hash_));
    std::fflush(stdout);
  } else {
    std::fprintf(stderr, "toro: %llu steps, trace hash %016llx\n", static_cast<unsigned long long>(steps_),
                 static_cast<unsigned long long>(trace_hash_));
  }
}

void DeterministicExecutor::ReportRun() {
  if constexpr (!Simulation::kOn) return;
  std::fprintf(stderr,
               "toro: seed %llu, %zu CPUs, %llu steps, %llu ticks; order %s, mean %llu; stores wait < %llu ticks\n",
               static_cast<unsigned long long>(seed_), cpus_, static_cast<unsigned long long>(steps_),
               static_cast<unsigned long long>(store_buffers.tick()),
               drawn_.order == OrderKind::kUniform ? "uniform" : "priority",
               static_cast<unsigned long long>(drawn_.mean_steps), 1ull << drawn_.delay_bits);
  std::fputs("toro: faults: ", stderr);
  fault_plan.PrintSummary(stderr);
  std::fputs("\n", stderr);
  if (!drawn_.list_faults) return;
  std::fputs("toro: these faults happened: ", stderr);
  fault_plan.PrintExactly(stderr);
  std::fputs("\n", stderr);
}

}  // namespace toro::hosted
