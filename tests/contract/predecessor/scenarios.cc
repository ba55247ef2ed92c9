// The predecessor's tests and examples, by their names there.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "core/kernel/allocation.h"
#include "core/kernel/mailbox.h"
#include "tests/contract/contract.h"
#include "tests/contract/predecessor/tests.h"

namespace {

using contract::Check;
using toro::CpuId;
using toro::Status;

// ---- TestBeginThread-0 and -1 ----

void BeginThread(CpuId cpu, const char* what) {
  struct Seen {
    uint64_t parameter = 0;
    CpuId cpu{999};
  } seen;
  uint64_t parameter = 0x12345;
  auto thread = toro::Spawn(
      cpu,
      [&seen, parameter] {
        // Written by CPU 0, which polls it there.
        toro::Call(toro::kBootCpu, [&seen, parameter, here = toro::CurrentCpu()] { seen = {parameter, here}; });
      },
      {.stack_bytes = toro::kLeastStackBytes});
  while (thread.ok() && seen.parameter == 0) toro::Yield();
  Check(thread.ok() && seen.parameter == 0x12345 && seen.cpu == cpu && toro::Join(thread.value()) == Status::kOk, what);
}

// ---- TestThreadSwitch-0 ----

// Has the values in the registers that the predecessor looked at, all at once. What they are is unknown to the compiler
// from there on: it has to keep them, there or on the stack.
struct Registers {
  uint64_t rbx, rdi, rsi, r12, r13, r14, r15;

  [[gnu::always_inline]] void Hold() {
    register uint64_t in_r12 asm("r12") = r12;
    register uint64_t in_r13 asm("r13") = r13;
    register uint64_t in_r14 asm("r14") = r14;
    register uint64_t in_r15 asm("r15") = r15;
    asm volatile("" : "+b"(rbx), "+D"(rdi), "+S"(rsi), "+r"(in_r12), "+r"(in_r13), "+r"(in_r14), "+r"(in_r15));
    r12 = in_r12;
    r13 = in_r13;
    r14 = in_r14;
    r15 = in_r15;
  }
  bool operator==(const Registers&) const = default;
};

void ThreadSwitch() {
  bool stop = false;
  auto other = toro::Spawn(toro::CurrentCpu(), [&stop] {
    while (!stop) {
      asm volatile(
          "mov $-1, %%rbx\n mov %%rbx, %%rdi\n mov %%rbx, %%rsi\n mov %%rbx, %%r12\n mov %%rbx, %%r13\n"
          "mov %%rbx, %%r14\n mov %%rbx, %%r15" ::
              : "rbx", "rdi", "rsi", "r12", "r13", "r14", "r15");
      toro::Yield();
    }
  });
  Registers registers{0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777};
  registers.Hold();
  toro::Yield();
  toro::Yield();
  registers.Hold();
  bool same = registers == Registers{0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777};
  stop = true;
  Check(toro::Join(other.value()) == Status::kOk && same, "TestThreadSwitch-0: registers survive two switches");
}

// ---- TestSleep ----

// How much later than asked for is measured by the benchmarks, not here.
void Sleep() {
  uint64_t start_ns = toro::NowNs();
  toro::SleepFor(2 * toro::kNsPerMs);
  Check(toro::NowNs() - start_ns >= 2 * toro::kNsPerMs, "TestSleep: 2 ms are not over early");
}

// ---- TestFreeMem and TestGetMem ----

void GetAndFreeMem() {
  toro::FreeBytes(nullptr);
  Check(true, "TestFreeMem-0: null can be freed");

  size_t before = toro::Cpu::Current().partition().Statistics().used_bytes;
  void* object = toro::AllocateBytes(64);
  bool held = toro::Cpu::Current().partition().Statistics().used_bytes >= before + 64;
  toro::FreeBytes(object);
  Check(held && toro::Cpu::Current().partition().Statistics().used_bytes == before,
        "TestFreeMem-1: what was got can be freed");

  void* nothing = toro::AllocateBytes(0);
  Check(nothing != nullptr, "TestGetMem-2: size 0 gives a pointer");
  toro::FreeBytes(nothing);

  // Null exactly if there is no such room: the predecessor had none on any machine.
  constexpr size_t kTwoGiB = 2 * toro::kGiB;
  char* much = static_cast<char*>(toro::AllocateBytes(kTwoGiB));
  bool has_room = toro::Cpu::Current().partition().Statistics().total_bytes > kTwoGiB;
  if (much != nullptr) much[0] = much[kTwoGiB - 1] = 1;
  Check(has_room || much == nullptr, "TestGetMem-3: 2 GiB out of less give null");
  toro::FreeBytes(much);
}

struct Link {
  Link* next;
};

}  // namespace

void RunGetMemUntilNull() {
  Link* all = nullptr;
  size_t count = 0, wrong = 0;
  while (void* object = toro::AllocateBytes(64)) {
    *static_cast<unsigned char*>(object) = 0xff;
    all = new (object) Link{all};
    ++count;
    wrong += OwnerOf(object) == toro::CurrentCpu().index() ? 0 : 1;
  }
  size_t total = toro::Cpu::Current().partition().Statistics().total_bytes;
  // A partition whose memory leaked or drifted away would end much earlier.
  bool enough = count * 64 > total / 10 * 8;
  while (all != nullptr) {
    Link* next = all->next;
    toro::FreeBytes(all);
    all = next;
  }
  Check(enough && wrong == 0, "TestGetMem-4: 64 bytes until null, each written, use up the partition of this CPU");
  void* half = toro::AllocateBytes(total / 2);
  Check(half != nullptr, "TestGetMem-4: after that, half of it can be had in one piece");
  toro::FreeBytes(half);
}

namespace {

// ---- TestProcess and TestPerCPUVar ----

void StructuresOfEachCpu() {
  bool process = true, variables = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    toro::Cpu& cpu = toro::Cluster::Get().cpu(CpuId{i});
    process = process && reinterpret_cast<uintptr_t>(&cpu) % 64 == 0 && OwnerOf(&cpu) == i;
    // What the CPU finds by its anchor register, and what it runs.
    auto* anchor = toro::Call(CpuId{i}, [] { return &toro::Scheduler::Current(); });
    variables = variables && anchor == &cpu.scheduler() && OwnerOf(anchor) == i;
  }
  Check(process, "TestProcess: the structure of each CPU begins a cache line, in that CPU's own memory");
  Check(variables && alignof(toro::Cpu) % 64 == 0 && sizeof(toro::Cpu) % 64 == 0,
        "TestPerCPUVar: no line of a CPU's own variables is another CPU's too");
}

// ---- the examples ----

// Scheduler: a thread on CPU 0 and one on CPU 1 say hello, while main yields.
void SchedulerExample() {
  toro::Mailbox<int> turn_of_second;
  bool done = false;
  auto hello = [](int parameter) {
    toro::Print("Hello from " + std::to_string(parameter) + " at " + std::to_string(toro::CurrentCpu().index()) + "\n");
  };
  auto first = toro::Spawn(toro::kBootCpu, [&] {
    hello(0);
    (void)turn_of_second.Send(1);
  });
  auto second = toro::Spawn(toro::CpuCount() > 1 ? CpuId{1} : toro::kBootCpu, [&, home = toro::kBootCpu] {
    // The mailbox is CPU 0's; there this thread waits, and goes back to say its hello.
    CpuId here = toro::CurrentCpu();
    (void)toro::Migrate(home);
    int parameter = turn_of_second.Receive();
    (void)toro::Migrate(here);
    hello(parameter);
    toro::Call(home, [&done] { done = true; });
  });
  while (!done) toro::Yield();
  Check(toro::Join(first.value()) == Status::kOk && toro::Join(second.value()) == Status::kOk,
        "Scheduler: both threads said hello");
}

// ToroThread: three tasks on two CPUs hand three variables round. Who may touch them is said by two flags, without a
// lock; no task waits for one of its own CPU but by yielding.
struct HandOver {
  int var1 = 0, var2 = 0, var3 = 0;
  std::atomic<bool> second_may{false};  // set by CPU 0, cleared by CPU 1
  std::atomic<bool> first_may{true};    // the other way round
  bool third_may = false;               // between the two tasks of CPU 1
};
constexpr int kRounds = 12;

void TakeTurn(HandOver& all, std::atomic<bool>& mine, std::vector<int>& seen) {
  while (!mine.load(std::memory_order_acquire)) toro::Yield();
  mine.store(false, std::memory_order_relaxed);
  all.var2 = all.var1 + 5;
  seen.push_back(all.var1);
  all.second_may.store(true, std::memory_order_release);
}

void ToroThreadExample() {
  HandOver all;
  CpuId other = toro::CpuCount() > 1 ? CpuId{1} : toro::kBootCpu;
  auto second = toro::Spawn(other, [&all] {
    for (int i = 0; i < kRounds; ++i) {
      while (!all.second_may.load(std::memory_order_acquire) || all.third_may) toro::Yield();
      all.second_may.store(false, std::memory_order_relaxed);
      all.var3 = all.var2 + 7;
      all.third_may = true;
    }
  });
  auto third = toro::Spawn(other, [&all] {
    for (int i = 0; i < kRounds; ++i) {
      while (!all.third_may) toro::Yield();
      all.third_may = false;
      all.var1 = all.var3 % 11;
      all.first_may.store(true, std::memory_order_release);
    }
  });
  std::vector<int> seen;
  for (int i = 0; i < kRounds; ++i) TakeTurn(all, all.first_may, seen);
  bool joined = toro::Join(second.value()) == Status::kOk && toro::Join(third.value()) == Status::kOk;
  std::string text;
  for (int value : seen) text += " " + std::to_string(value);
  std::printf("var1 was%s\n", text.c_str());
  Check(joined && text == " 0 1 2 3 4 5 6 7 8 9 10 0" && all.var1 == 1,
        "ToroThread: three variables go round two CPUs by two flags");
}

}  // namespace

void RunScenarios() {
  BeginThread(toro::kBootCpu, "TestBeginThread-0: a parameter arrives intact on CPU 0");
  BeginThread(LastCpu(), "TestBeginThread-1: a parameter arrives intact on another CPU");
  ThreadSwitch();
  Sleep();
  GetAndFreeMem();
  StructuresOfEachCpu();
  SchedulerExample();
  ToroThreadExample();
}
