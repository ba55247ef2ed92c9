// wake: what it costs to wake a CPU. Says READY when it begins.
//
//   poll               three threads on each CPU do nothing but poll, for ever
//   load RATE SECONDS  RATE times a second CPU 0's timer wakes it, and it sends the last CPU a line; then how many came
//   latency ROUNDS     how long it takes to wake a thread of another CPU that sleeps, and how long the bare interrupt
//                      does
//   spread THREADS     how long unbalanced work takes: of threads that stay, and of threads that may move, without and
//                      with work on request
//   sleep ROUNDS       how much later than asked for SleepFor(2 ms) ends
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/kernel/callback_timer.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
#include "core/machine/platform_services.h"

namespace {

using toro::CpuId;

constexpr uint64_t kGapNs = 2 * toro::kNsPerMs;  // by then a CPU sleeps

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }

void PrintLatencies(const char* what, std::vector<uint64_t>& ns) {
  std::sort(ns.begin(), ns.end());
  std::printf("%s median %llu p99.9 %llu most %llu ns of %zu\n", what,
              static_cast<unsigned long long>(ns[ns.size() / 2]),
              static_cast<unsigned long long>(ns[ns.size() - 1 - ns.size() / 1000]),
              static_cast<unsigned long long>(ns.back()), ns.size());
}

[[noreturn]] void SleepForEver() {
  for (;;) toro::SleepFor(uint64_t{3600} * 24 * toro::kNsPerSecond);
}

void Poll() {
  for (size_t cpu = 0; cpu < toro::CpuCount(); ++cpu) {
    for (int i = 0; i < 3; ++i) {
      (void)toro::Spawn(CpuId{cpu}, [] {
        for (;;) toro::YieldPolling();
      });
    }
  }
  toro::Print("READY\n");
  SleepForEver();
}

uint64_t g_taken;  // lines, of the last CPU

void TakeLine(toro::Cpu&, CpuId, const uint64_t*, size_t) { ++g_taken; }

void Load(uint64_t rate, uint64_t seconds) {
  toro::Print("READY\n");
  // Where the channel is full, the last CPU has been rung for already.
  toro::CallbackTimer timer(
      [](void*) {
        const uint64_t nothing = 0;
        (void)toro::Cpu::Current().exchange().SendLine(LastCpu(), &TakeLine, &nothing, 1);
      },
      nullptr);
  uint64_t start_ns = toro::NowNs();
  if (rate != 0) timer.StartEvery(toro::kNsPerSecond / rate);
  toro::SleepUntil(start_ns + seconds * toro::kNsPerSecond);
  timer.Stop();
  uint64_t taken = toro::Call(LastCpu(), [] { return g_taken; });
  std::printf("woken %llu times in %llu ns\n", static_cast<unsigned long long>(taken),
              static_cast<unsigned long long>(toro::NowNs() - start_ns));
}

// A letter with the time of its sending, to a thread that waits on the other CPU.
void MeasureMessages(size_t rounds) {
  static toro::Mailbox<uint64_t>* mailbox;
  static std::vector<uint64_t> ns;
  auto receiver = toro::Spawn(LastCpu(), [rounds] {
    toro::Mailbox<uint64_t> mine;
    mailbox = &mine;
    ns.reserve(rounds);
    for (size_t i = 0; i < rounds; ++i) {
      uint64_t sent_ns = mine.Receive();
      ns.push_back(toro::NowNs() - sent_ns);
    }
  });
  toro::SleepFor(10 * kGapNs);
  uint64_t halts = toro::Statistics(LastCpu()).halts;
  for (size_t i = 0; i < rounds; ++i) {
    toro::SleepFor(kGapNs);
    (void)mailbox->Send(toro::NowNs());
  }
  (void)toro::Join(receiver.value());
  halts = toro::Statistics(LastCpu()).halts - halts;
  PrintLatencies("message", ns);
  std::printf("halts %llu\n", static_cast<unsigned long long>(halts));
}

// The floor: the platform's own interrupt and halt, with a word in memory, without an exchange or a thread.
void MeasureInterrupts(size_t rounds) {
  static std::atomic<uint64_t> sent_ns{0}, taken{0};
  static std::vector<uint64_t> ns;
  auto receiver = toro::Spawn(LastCpu(), [rounds] {
    ns.reserve(rounds);
    uint64_t last_ns = 0;
    for (size_t i = 0; i < rounds; ++i) {
      uint64_t now_ns;
      for (;;) {
        toro::Machine::MaskInterrupts();
        if ((now_ns = sent_ns.load(std::memory_order_acquire)) != last_ns) break;
        toro::platform::HaltCpu(toro::kNever);
      }
      toro::Machine::UnmaskInterrupts();
      ns.push_back(toro::NowNs() - now_ns);
      last_ns = now_ns;
      taken.store(i + 1, std::memory_order_release);
    }
  });
  toro::SleepFor(10 * kGapNs);
  for (size_t i = 0; i < rounds; ++i) {
    // Where the host is busy, one may have to be waited for: the next would hide it.
    do toro::SleepFor(kGapNs);
    while (taken.load(std::memory_order_acquire) != i);
    sent_ns.store(toro::NowNs(), std::memory_order_release);
    toro::platform::WakeCpu(LastCpu());
  }
  (void)toro::Join(receiver.value());
  PrintLatencies("interrupt", ns);
}

void MeasureSleep(size_t rounds) {
  std::vector<uint64_t> ns;
  for (size_t i = 0; i < rounds; ++i) {
    uint64_t deadline_ns = toro::NowNs() + 2 * toro::kNsPerMs;
    toro::SleepUntil(deadline_ns);
    ns.push_back(toro::NowNs() - deadline_ns);
  }
  PrintLatencies("overshoot", ns);
}

// `threads` threads of CPU 0, each with a piece of work that yields now and then. In microseconds.
uint64_t Makespan(uint64_t threads, bool may_move, bool takes_work) {
  for (size_t i = 0; i < toro::CpuCount(); ++i) (void)toro::SetTakesWork(CpuId{i}, takes_work);
  std::vector<toro::ThreadId> ids;
  uint64_t start_ns = toro::NowNs();
  for (uint64_t i = 0; i < threads; ++i) {
    ids.push_back(toro::Spawn(toro::kBootCpu,
                              [] {
                                for (int slice = 0; slice < 100; ++slice) {
                                  for (int n = 0; n < 10'000; ++n) asm volatile("");
                                  toro::Yield();
                                }
                              },
                              {.may_move = may_move})
                      .value());
  }
  for (toro::ThreadId id : ids) (void)toro::Join(id);
  return (toro::NowNs() - start_ns) / toro::kNsPerUs;
}

// How often a thread has arrived on a CPU other than 0, by now.
uint64_t ArrivedElsewhere() {
  uint64_t arrived = 0;
  for (size_t i = 1; i < toro::CpuCount(); ++i) arrived += toro::Statistics(CpuId{i}).threads.arrived;
  return arrived;
}

void MeasureSpread(uint64_t threads) {
  for (int round = 0; round < 15; ++round) {
    uint64_t before = ArrivedElsewhere();
    uint64_t fixed_us = Makespan(threads, false, false);
    uint64_t off_us = Makespan(threads, true, false);
    uint64_t on_us = Makespan(threads, true, true);
    std::printf("spread: fixed %llu us, off %llu us, on %llu us, %llu arrivals elsewhere\n",
                static_cast<unsigned long long>(fixed_us), static_cast<unsigned long long>(off_us),
                static_cast<unsigned long long>(on_us), static_cast<unsigned long long>(ArrivedElsewhere() - before));
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto is = [&](const char* mode) { return argc >= 2 && std::strcmp(argv[1], mode) == 0; };
  uint64_t number = argc >= 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (is("poll")) Poll();
  if (is("load") && argc == 4) {
    Load(number, std::strtoull(argv[3], nullptr, 10));
    return 0;
  }
  if (is("sleep") && number > 0) {
    toro::Print("READY\n");
    MeasureSleep(number);
    return 0;
  }
  if (is("spread") && number > 0) {
    toro::Print("READY\n");
    MeasureSpread(number);
    return 0;
  }
  if (is("latency") && number > 0 && toro::CpuCount() > 1) {
    toro::Print("READY\n");
    MeasureMessages(number);
    MeasureInterrupts(number);
    return 0;
  }
  toro::Print(
      "wake: say poll, load RATE SECONDS, sleep ROUNDS, spread THREADS, "
      "or (with two CPUs or more) latency ROUNDS\n");
  return 2;
}
