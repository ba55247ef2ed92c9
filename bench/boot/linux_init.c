// linux_init: the only process of the Linux guest. Prints READY, and then does what its arguments say:
//   (none)             powers off
//   wait               waits for ever
//   load RATE SECONDS  RATE times a second a timer wakes a thread, and it wakes a thread of the last CPU; then how often
//                      the last CPU was woken
//   latency ROUNDS     how long it takes to wake a thread of another CPU that sleeps
//   sleep ROUNDS       how much later than asked for a sleep of 2 ms ends
// As bench/boot/wake/main.cc, with what Linux offers for it: futexes and clock_nanosleep, threads bound to a CPU each.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kMostRounds = 100000, kGapNs = 2000000 };

static int last_cpu;
static _Atomic uint32_t turn;
static _Atomic uint64_t sent_ns, received;
static uint64_t latency_ns[kMostRounds];

static uint64_t NowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void SleepUntil(uint64_t deadline_ns) {
  struct timespec deadline = {(time_t)(deadline_ns / 1000000000), (long)(deadline_ns % 1000000000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR) {
  }
}

static int LastCpu(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return CPU_COUNT(&set) - 1;
}

static void BindTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void Wake(void) {
  atomic_fetch_add(&turn, 1);
  syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void WaitAfter(uint32_t seen) {
  while (atomic_load(&turn) == seen) syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void* Receive(void* rounds) {
  BindTo(last_cpu);
  uint32_t seen = 0;
  for (uint64_t i = 0; i < (uint64_t)(uintptr_t)rounds; ++i) {
    WaitAfter(seen);
    seen = atomic_load(&turn);
    if (i < kMostRounds) latency_ns[i] = NowNs() - atomic_load(&sent_ns);
    atomic_store(&received, i + 1);
  }
  return NULL;
}

static int Compare(const void* a, const void* b) {
  uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return x < y ? -1 : x > y;
}

static void PrintLatencies(const char* what, size_t count) {
  qsort(latency_ns, count, sizeof latency_ns[0], &Compare);
  printf("%s median %llu p99.9 %llu most %llu ns of %zu\n", what, (unsigned long long)latency_ns[count / 2],
         (unsigned long long)latency_ns[count - 1 - count / 1000], (unsigned long long)latency_ns[count - 1], count);
  fflush(stdout);
}

// Wakes the thread of the last CPU at most `rounds` times and until `until_ns`, a period apart, each time after it has
// seen the wake-up before. A period that has passed meanwhile is left out.
static uint64_t Send(uint64_t rounds, uint64_t period_ns, uint64_t until_ns) {
  uint64_t at_ns = NowNs() + period_ns;
  for (uint64_t i = 0;; at_ns += period_ns) {
    while (NowNs() > at_ns + period_ns) at_ns += period_ns;  // the host was busy
    if (i == rounds || at_ns >= until_ns) return i;
    SleepUntil(at_ns);
    if (atomic_load(&received) != i) continue;
    atomic_store(&sent_ns, NowNs());
    Wake();
    ++i;
  }
}

static pthread_t StartReceiver(uint64_t rounds) {
  pthread_t receiver;
  pthread_create(&receiver, NULL, &Receive, (void*)(uintptr_t)rounds);
  SleepUntil(NowNs() + 20000000);
  return receiver;
}

static void MeasureLatency(uint64_t rounds) {
  pthread_t receiver = StartReceiver(rounds);
  Send(rounds, kGapNs, UINT64_MAX);
  pthread_join(receiver, NULL);
  PrintLatencies("message", rounds);
}

static void Load(uint64_t rate, uint64_t seconds) {
  uint64_t start_ns = NowNs(), end_ns = start_ns + seconds * 1000000000, woken = 0;
  if (rate > 0) {
    StartReceiver(UINT64_MAX);
    woken = Send(UINT64_MAX, 1000000000 / rate, end_ns);
  }
  SleepUntil(end_ns);
  printf("woken %llu times in %llu ns\n", (unsigned long long)woken, (unsigned long long)(NowNs() - start_ns));
  fflush(stdout);
}

int main(int argc, char** argv) {
  static const char kText[] = "READY\n";
  const char* mode = argc > 1 ? argv[1] : "";
  uint64_t number = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
  last_cpu = LastCpu();
  BindTo(0);
  if (write(1, kText, sizeof kText - 1) < 0) return 1;
  if (strcmp(mode, "load") == 0 && argc > 3) Load(number, strtoull(argv[3], NULL, 10));
  if (strcmp(mode, "latency") == 0 && number > 0 && number <= kMostRounds) MeasureLatency(number);
  if (strcmp(mode, "sleep") == 0 && number > 0 && number <= kMostRounds) {
    for (uint64_t i = 0; i < number; ++i) {
      uint64_t deadline_ns = NowNs() + kGapNs;
      SleepUntil(deadline_ns);
      latency_ns[i] = NowNs() - deadline_ns;
    }
    PrintLatencies("overshoot", number);
  }
  while (strcmp(mode, "wait") == 0) pause();
  return reboot(RB_POWER_OFF);
}
