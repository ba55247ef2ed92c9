#include "bench/pinned_pair.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/spin.h"

namespace toro::bench {
namespace {

double ClockNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

}  // namespace

void PinThisThread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  int error = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  if (error == 0) return;
  std::fprintf(stderr, "bench: cannot pin a thread to CPU %d: %s; allow it with taskset or the container's cpuset\n",
               cpu, std::strerror(error));
  std::exit(1);
}

bool RaisePriority() {
  sched_param lowest_real_time = {};
  lowest_real_time.sched_priority = sched_get_priority_min(SCHED_RR);
  return sched_setscheduler(0, SCHED_RR, &lowest_real_time) == 0;
}

PinnedPair::PinnedPair(int near_cpu, int far_cpu) : near_cpu_(near_cpu), far_cpu_(far_cpu) {
  PinThisThread(near_cpu_);
  if (has_far()) helper_ = std::thread([this] { HelperLoop(); });
}

PinnedPair::~PinnedPair() {
  if (!has_far()) return;
  stop_ = true;
  command_.fetch_add(1);
  command_.notify_one();
  helper_.join();
}

PairTime PinnedPair::Run(const Job& near, const Job& far, uint64_t operations) {
  bool both = static_cast<bool>(far);
  uint32_t turn = 0;
  if (both) {
    far_job_ = &far;
    operations_ = operations;
    turn = command_.fetch_add(1) + 1;
    command_.notify_one();
    SpinUntil([&] { return ready_.load(std::memory_order_acquire) == turn; });
  }
  double cpu_start = ClockNs(CLOCK_THREAD_CPUTIME_ID);
  double start = ClockNs(CLOCK_MONOTONIC);
  if (both) go_.store(turn, std::memory_order_release);
  PairTime result;
  result.correct = near(operations);
  if (both) SpinUntil([&] { return done_.load(std::memory_order_acquire) == turn; });
  result.elapsed_ns = ClockNs(CLOCK_MONOTONIC) - start;
  double cpu_ns = ClockNs(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
  if (both) {
    result.correct = result.correct && far_correct_;
    // The helper is on its CPU from `ready` to `done`, which contains the sample.
    cpu_ns = std::min(cpu_ns, far_cpu_ns_);
  }
  result.off_cpu_share = std::max(0.0, 1.0 - cpu_ns / result.elapsed_ns);
  return result;
}

uint32_t PinnedPair::AwaitCommand(uint32_t seen) {
  constexpr int kPollsBeforeSleep = 200'000;
  for (int i = 0; i < kPollsBeforeSleep; ++i) {
    uint32_t now = command_.load(std::memory_order_acquire);
    if (now != seen) return now;
  }
  command_.wait(seen);
  return command_.load(std::memory_order_acquire);
}

void PinnedPair::HelperLoop() {
  PinThisThread(far_cpu_);
  for (uint32_t turn = 0;;) {
    turn = AwaitCommand(turn);
    if (stop_) return;
    double cpu_start = ClockNs(CLOCK_THREAD_CPUTIME_ID);
    ready_.store(turn, std::memory_order_release);
    SpinUntil([&] { return go_.load(std::memory_order_acquire) == turn; });
    far_correct_ = (*far_job_)(operations_);
    far_cpu_ns_ = ClockNs(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
    done_.store(turn, std::memory_order_release);
  }
}

}  // namespace toro::bench
