// faults: makes the mistake that its argument names, so that tests can look at the report. In both worlds.
#include <cstdio>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "core/kernel/allocation.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/region.h"
#include "core/kernel/shutdown.h"
#include "core/kernel/thread_arena.h"
#include "core/kernel/toro.h"

static volatile int six = 6;

// Writes beyond an array of its frame. Has external linkage, so that the hosted report can name it.
[[gnu::noinline]] void Smash();
[[gnu::noinline]] void Smash() {
  char array[16];
  std::memset(array, six, static_cast<size_t>(six) * 7);
  asm volatile("" : : "r"(array) : "memory");
}

namespace {

volatile int seven = 7;
volatile int zero = 0;
volatile int* volatile null = nullptr;

// Never ends; the compiler must not make a loop of it.
[[gnu::noinline]] int Descend(int depth) {
  volatile char frame[512];
  std::memset(const_cast<char*>(frame), depth, sizeof frame);
  return (zero == 0 ? Descend(depth + 1) : 0) + frame[depth % 512];
}

// Reads upwards from its own frame until something stops it.
[[gnu::noinline]] int Climb() {
  volatile char here = 0;
  const volatile char* at = &here;
  for (int page = 0; page < 100; ++page) here = at[page * 4096];
  return here;
}

// Reaches beyond the guard page in one step.
[[gnu::noinline]] int LargeFrame(int value) {
  volatile char frame[1 << 20];
  frame[0] = static_cast<char>(value);
  return frame[0];
}

void OnLastCpu(void (*fault)()) {
  toro::CpuId last{toro::CpuCount() - 1};
  auto thread = toro::Spawn(last, [fault] { fault(); }, {.name = "deep"});
  (void)toro::Join(thread.value());
}

// CPU 0 is in here, or yields, when the last CPU faults.
volatile bool spins = false;
[[gnu::noinline]] void SpinForEver() {
  spins = true;
  while (zero == 0) {
  }
}

// A frame pointer that leads nowhere but to itself. In a message handler, where nothing is thrown.
[[gnu::noinline]] void FaultInALoopOfFrames() {
  uint64_t frame[2] = {reinterpret_cast<uint64_t>(frame), reinterpret_cast<uint64_t>(&Smash) + 1};
  asm volatile("movq %0, %%rbp; ud2" : : "r"(frame), "r"(frame[0]) : "memory");
}

// With an interrupt table that ends behind its own vector, a page fault becomes a double fault [sdm3 6.15]. Bare
// machine only.
[[gnu::noinline]] void FaultDoubly() {
  struct [[gnu::packed]] {
    uint16_t limit;
    uint64_t base;
  } table;
  asm volatile("sidt %0" : "=m"(table));
  table.limit = 9 * 16 - 1;
  asm volatile("lidt %0; movq $0, %%rax; movb $1, (%%rax)" : : "m"(table) : "rax", "memory");
}

// Whoever catches is beyond a function through which nothing may be thrown.
[[gnu::noinline]] int DivideInNoexcept() noexcept { return seven / zero; }

struct DividesWhenDestroyed {
  [[gnu::noinline]] ~DividesWhenDestroyed() { zero = seven / zero; }
};

int MakeAndCatch(const char* fault) {
  auto is = [fault](const char* name) { return std::strcmp(fault, name) == 0; };
  try {
    if (is("noexcept")) return DivideInNoexcept();
    if (is("unwinding")) {
      DividesWhenDestroyed victim;
      throw 1;
    }
    if (is("in-handler")) toro::Call(toro::CpuId{toro::CpuCount() - 1}, [] { zero = seven / zero; });
    if (is("in-kernel")) toro::FreeBytes(reinterpret_cast<void*>(uintptr_t{0x10}));
    if (is("registers")) {
      asm volatile("movq $0x1234567, %%r12; movq $0x89abcde, %%r15; movq $0xfedcba9, %%rax; ud2"
                   :
                   :
                   : "r12", "r15", "rax");
    }
  } catch (...) {
    std::printf("faults: caught what must not be caught\n");
    return 1;
  }
  return -1;
}

int Make(const char* fault) {
  auto is = [fault](const char* name) { return std::strcmp(fault, name) == 0; };
  if (is("null")) return *null;
  if (is("stack")) OnLastCpu([] { zero = Descend(0); });
  if (is("above-stack")) OnLastCpu([] { zero = Climb(); });
  if (is("smash")) OnLastCpu([] { Smash(); });
  if (is("divide")) return seven / zero;
  if (is("illegal")) asm volatile("ud2");
  if (is("write-text")) *reinterpret_cast<volatile char*>(reinterpret_cast<uintptr_t>(&toro::Print)) = 0;
  if (is("double-free")) {
    void* object = toro::AllocateBytes(64);
    toro::FreeBytes(object);
    toro::FreeBytes(object);
  }
  if (is("foreign-free")) {
    static char in_the_image[64];
    toro::FreeBytes(in_the_image);
  }
  if (is("arena-elsewhere")) {
    static toro::Arena arena;
    OnLastCpu([] { (void)arena.Allocate(1); });
  }
  if (is("arena-of-another-thread")) {
    static toro::Arena& mine = toro::ThreadArena();
    (void)toro::Join(toro::Spawn(toro::kBootCpu, [] { (void)mine.Allocate(1); }).value());
  }
  if (is("arena-in-handler")) {
    toro::Call(toro::CpuId{toro::CpuCount() - 1}, [] { (void)toro::ThreadArena(); });
  }
  if (is("scratch-order")) {
    auto* outer = new toro::ScratchScope(toro::ThreadArena());
    auto* inner = new toro::ScratchScope(toro::ThreadArena());
    delete outer;
    delete inner;
  }
  if (is("write-read-only")) {
    static toro::Region region = toro::AllocateRegion(1).value();
    // The last CPU knows the page as writable before, and must not after.
    OnLastCpu([] { *static_cast<volatile char*>(region.address) = 1; });
    (void)toro::SetRegionAccess(region, toro::RegionAccess::kReadOnly);
    OnLastCpu([] { *static_cast<volatile char*>(region.address) = 2; });
  }
  if (is("free-region-elsewhere")) {
    static toro::Region region = toro::AllocateRegion(1).value();
    OnLastCpu([] { toro::FreeRegion(region); });
  }
  if (is("region-in-handler")) {
    static toro::Region region = toro::AllocateRegion(1).value();
    toro::Call(toro::CpuId{toro::CpuCount() - 1},
               [] { (void)toro::SetRegionAccess(region, toro::RegionAccess::kReadOnly); });
  }
  if (is("block-in-handler")) {
    toro::Call(toro::CpuId{toro::CpuCount() - 1}, [] { toro::SleepFor(1); });
  }
  if (is("never-yields")) {
    OnLastCpu([] {
      while (zero == 0) {
      }
    });
  }
  if (is("masked")) {
    OnLastCpu([] {
      toro::Machine::MaskInterrupts();
      while (zero == 0) {
      }
    });
  }
  if (is("masked-boot-cpu")) {
    toro::Machine::MaskInterrupts();
    while (zero == 0) {
    }
  }
  if (is("stalls-once")) {  // for some tenths of a second of its CPU; then all is well
    (void)toro::WatchForStalls(10 * toro::kNsPerMs);
    OnLastCpu([] {
      double kept = 1.5;
      for (long i = 0; i < 300'000'000; ++i) asm volatile("" : "+x"(kept));
      if (kept != 1.5) toro::Print("a register was lost\n");
    });
    toro::Print("went on\n");
    return 0;
  }
  static std::mutex mutex;
  if (is("lock-twice")) {
    mutex.lock();
    mutex.lock();
  }
  if (is("lock-in-handler")) {
    mutex.lock();
    toro::Call(toro::CpuId{toro::CpuCount() - 1}, [] { mutex.lock(); });
  }
  if (is("rounding")) {
    const unsigned upwards = 0x5f80;
    asm volatile("ldmxcsr %0" : : "m"(upwards));
    toro::SleepFor(10 * toro::kNsPerMs);  // its CPU has nothing to do meanwhile, and looks
  }
  if (is("deadlock")) {
    toro::Mailbox<int> nobody_sends;
    return nobody_sends.Receive();
  }
  if (is("fault-everywhere")) {
    for (size_t i = 1; i < toro::CpuCount(); ++i) {
      (void)toro::Spawn(toro::CpuId{i}, [] { return *null; }, {.name = "one of many"});
    }
    return *null;
  }
  if (is("exit-status")) {
    toro::Print("leaving\n");
    return 3;
  }
  int caught = MakeAndCatch(fault);
  if (caught >= 0) return caught;
  if (is("shutdown") || is("shutdown-stuck")) {
    toro::SetShutdownHook([] { toro::Print("the hook runs\n"); });
    toro::Print("waiting to be asked\n");
    if (is("shutdown-stuck")) {
      for (uint64_t next_ns = toro::NowNs();; next_ns += 20 * toro::kNsPerMs) {
        toro::Print("busy\n");
        while (toro::NowNs() < next_ns) asm volatile("pause");
      }
    }
    toro::SleepUntil(toro::kNever);
  }
  if (is("no-hook")) {
    toro::Print("waiting to be asked\n");
    toro::SleepUntil(toro::kNever);
  }
  if (is("shutdown-request")) {
    toro::SetShutdownHook([] { toro::Print("the hook runs\n"); });
    (void)toro::Spawn(toro::CpuId{toro::CpuCount() - 1}, [] { toro::RequestShutdown(); });
    toro::SleepUntil(toro::kNever);
  }
  if (is("on-last-cpu")) OnLastCpu([] { zero = seven / zero; });
  if (is("while-main-spins")) {
    (void)toro::Spawn(toro::CpuId{toro::CpuCount() - 1},
                      [] {
                        while (!spins) {
                        }
                        zero = seven / zero;
                      },
                      {.name = "deep"});
    SpinForEver();
  }
  if (is("frame-loop")) toro::Call(toro::CpuId{toro::CpuCount() - 1}, &FaultInALoopOfFrames);
  if (is("double-fault")) OnLastCpu(&FaultDoubly);
  if (is("only-yields")) {
    OnLastCpu([] {
      while (zero == 0) toro::Yield();
    });
  }
  if (is("fault-beside-ready")) {
    (void)toro::Spawn(toro::CpuId{toro::CpuCount() - 1},
                      [] {
                        while (!spins) toro::Yield();
                        zero = seven / zero;
                      },
                      {.name = "deep"});
    for (spins = true;;) toro::Yield();
  }
  if (is("exception")) throw std::runtime_error("nobody is there");
  if (is("large-frame")) OnLastCpu([] { zero = LargeFrame(7); });
  std::printf("faults: no fault '%s'\n", fault);
  return 2;
}

}  // namespace

int main(int argc, char** argv) { return Make(argc == 2 ? argv[1] : "(none)"); }
