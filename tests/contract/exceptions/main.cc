// The contract of exceptions: those of C++ and those of the CPU (core/kernel/cpu_fault.h), on every CPU.
//
//   exceptions [COUNT]      COUNT exceptions in a row and, on all CPUs at once, COUNT on each; 20,000 by default
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "core/kernel/cpu_fault.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace {

using contract::Check;

constexpr int kDepth = 50;
int most_exceptions = 20'000;

volatile int zero = 0;
volatile int* volatile null = nullptr;

struct Counted {
  int* destroyed;
  ~Counted() { ++*destroyed; }
};

// ---- one at a time ----

[[gnu::noinline]] int DivideBelow(int depth, int* destroyed) {
  Counted counted{destroyed};
  if (depth == 0) return 5 / zero;
  return DivideBelow(depth - 1, destroyed) + 1;
}

void CheckDestructors() {
  int destroyed = 0;
  bool caught = false;
  try {
    zero = DivideBelow(kDepth, &destroyed);
  } catch (const toro::DivideFault&) {
    caught = true;
  }
  Check(caught && destroyed == kDepth + 1, "a fault below 51 frames runs the destructor of each");
}

void CheckClasses() {
  int by_base = 0;
  try {
    zero = *null;
  } catch (const std::exception& fault) {
    by_base = std::string(fault.what()) == "Page Fault" ? 1 : -1;
  }
  Check(by_base == 1, "a fault is a std::exception and says its name");
  auto* place = reinterpret_cast<volatile char*>(uintptr_t{0xffff'8000'0000'1234});
  uintptr_t address = 0;
  auto access = toro::FaultAccess::kExecute;
  try {
    *place = 1;
  } catch (const toro::PageFault& fault) {
    address = fault.address();
    access = fault.access();
  }
  Check(address == reinterpret_cast<uintptr_t>(place) && access == toro::FaultAccess::kWrite,
        "a page fault knows address and access");
  bool passed_by = true;
  try {
    try {
      zero = *null;
    } catch (const toro::DivideFault&) {
      passed_by = false;
    }
    passed_by = false;
  } catch (const toro::PageFault&) {
  }
  Check(passed_by, "a handler of another fault lets it pass");
}

// The compiler takes for granted that inline assembly cannot throw, unless it cannot look into the function.
[[gnu::noipa]] void ExecuteNothing() { asm volatile("ud2"); }

// A fault while another one is handled, and a third while that one is.
void CheckNested() {
  int order = 0;
  try {
    zero = 5 / zero;
  } catch (const toro::DivideFault& outer) {
    try {
      zero = *null;
    } catch (const toro::PageFault&) {
      try {
        ExecuteNothing();
      } catch (const toro::IllegalInstructionFault&) {
        order = 3;
      }
    }
    if (order == 3 && std::string(outer.what()) == "Division by Zero") order = 4;
  }
  Check(order == 4, "faults nest three deep in catch blocks, and the outer one stays what it was");
  std::string text;
  try {
    try {
      zero = 5 / zero;
    } catch (...) {
      throw;
    }
  } catch (const toro::CpuFault& fault) {
    text = fault.what();
  }
  Check(text == "Division by Zero", "a fault can be thrown again");
}

struct CatchesWhileUnwinding {
  int* caught;
  ~CatchesWhileUnwinding() {
    try {
      zero = *null;
    } catch (const toro::PageFault&) {
      ++*caught;
    }
  }
};

void CheckInDestructor() {
  int caught = 0;
  try {
    CatchesWhileUnwinding inner{&caught};
    throw std::runtime_error("outer");
  } catch (const std::runtime_error&) {
    ++caught;
  }
  Check(caught == 2, "a destructor that runs while an exception passes may catch a fault of its own");
}

// Registers that a caller keeps must have their values when the handler goes on.
[[gnu::noinline]] uint64_t SumAroundFault(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  uint64_t sum = a * 3 + b;
  uint64_t product = c * d;
  try {
    zero = 5 / zero;
  } catch (const toro::DivideFault&) {
    sum += product;
  }
  return sum + a + b + c + d;
}

void CheckRegisters() {
  uint64_t wanted = 11 * 3 + 13 + 17 * 19 + 11 + 13 + 17 + 19;
  Check(SumAroundFault(11, 13, 17, 19) == wanted, "variables in registers survive a fault");
}

thread_local int in_thread = 0;

void CheckThreadLocal() {
  in_thread = 5;
  try {
    in_thread = in_thread / zero;
  } catch (const toro::DivideFault&) {
    ++in_thread;
  }
  Check(in_thread == 6, "thread_local variables are right in a function that faults");
}

// ---- threads and CPUs ----

int FaultsCaught(int wanted) {
  int caught = 0;
  for (int i = 0; i < wanted; ++i) {
    try {
      zero = 5 / zero;
    } catch (const toro::CpuFault& fault) {
      caught += fault.cpu() == toro::CurrentCpu() ? 1 : 0;
    }
  }
  return caught;
}

void CheckMigration() {
  int caught = 0;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    try {
      try {
        zero = 5 / zero;
      } catch (const toro::DivideFault&) {
        // While it is handled, the thread goes to another CPU, and faults there.
        if (toro::Migrate(toro::CpuId{i}) == toro::Status::kOk) ++caught;
        throw;
      }
    } catch (const toro::CpuFault&) {
      caught += FaultsCaught(1);
    }
  }
  (void)toro::Migrate(toro::kBootCpu);
  Check(caught == 2 * static_cast<int>(toro::CpuCount()),
        "a thread migrates while it handles a fault, and faults there");
}

// Threads whose handlers are under way at the same time, on one CPU.
void CheckInterleaved() {
  constexpr int kThreads = 4, kRounds = 20;
  int right = 0;
  toro::ThreadId threads[kThreads];
  for (int t = 0; t < kThreads; ++t) {
    threads[t] = toro::Spawn(toro::kBootCpu, [t, &right] {
                   for (int round = 0; round < kRounds; ++round) {
                     try {
                       if (t % 2 == 0) zero = 5 / zero;
                       throw t;
                     } catch (const toro::DivideFault&) {
                       toro::Yield();
                       if (t % 2 == 0) ++right;
                     } catch (int thrown) {
                       toro::Yield();
                       if (thrown == t && t % 2 == 1) ++right;
                     }
                   }
                 }).value();
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(right == kThreads * kRounds, "threads yield to each other inside of their handlers");
}

void CheckEveryCpu() {
  struct Result {
    int faults = 0;
    int thrown = 0;
  };
  Result results[toro::kMaxCpus];
  toro::ThreadId threads[toro::kMaxCpus];
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    threads[i] = toro::Spawn(toro::CpuId{i}, [&results, i] {
                   results[i].faults = FaultsCaught(most_exceptions);
                   for (int n = 0; n < most_exceptions; ++n) {
                     try {
                       throw n;
                     } catch (int value) {
                       results[i].thrown += value == n ? 1 : 0;
                     }
                   }
                 }).value();
  }
  bool all = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    (void)toro::Join(threads[i]);
    all = all && results[i].faults == most_exceptions && results[i].thrown == most_exceptions;
  }
  Check(all, "every CPU catches all of its faults and exceptions, all CPUs at the same time");
}

void CheckNoLeak() {
  FaultsCaught(10);
  uint64_t before = toro::Statistics(toro::kBootCpu).memory.used_bytes;
  int caught = FaultsCaught(most_exceptions);
  uint64_t after = toro::Statistics(toro::kBootCpu).memory.used_bytes;
  Check(caught == most_exceptions, "as many faults in a row as were asked for");
  Check(before == after, "and they leave no memory behind");
}

// Interrupts are open after a fault: a timer still ends a sleep, and a message still wakes.
void CheckInterrupts() {
  FaultsCaught(3);
  toro::SleepFor(100 * toro::kNsPerUs);
  toro::CpuId last{toro::CpuCount() - 1};
  int caught = 0;
  auto thread = toro::Spawn(last, [&caught] {
    caught += FaultsCaught(1);
    toro::SleepFor(100 * toro::kNsPerUs);
    caught += FaultsCaught(1);
  });
  Check(toro::Join(thread.value()) == toro::Status::kOk && caught == 2, "timers and messages wake CPUs after faults");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) most_exceptions = std::atoi(argv[1]);
  CheckDestructors();
  CheckClasses();
  CheckNested();
  CheckInDestructor();
  CheckRegisters();
  CheckThreadLocal();
  CheckMigration();
  CheckInterleaved();
  CheckEveryCpu();
  CheckNoLeak();
  CheckInterrupts();
  return contract::End();
}
