// thread_local variables, errno, exceptions in flight and rounding modes of threads that migrate in loops, with all
// that an optimising compiler may keep in registers.
//
// On the bare machine thread_local belongs to the thread, wherever it runs. In the hosted world it belongs to the
// pthread, that is, to the CPU (PORTING.md): there only threads that stay are asked about their variables.
#include <cerrno>
#include <cfenv>
#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/kernel/toro.h"
#include "core/machine/platform_services.h"
#include "tests/contract/contract.h"
#include "tests/contract/stdthreads/parts.h"

namespace contract {
namespace {

using toro::CpuId;

thread_local long counter = 0;
thread_local long initialised = 42;
thread_local std::string text = "initial";

bool PerThread() { return toro::platform::ThreadLocalBytes() > 0; }

CpuId Next() { return CpuId{(toro::CurrentCpu().index() + 1) % toro::CpuCount()}; }

// Inlined everywhere: the compiler is invited to compute the address of `counter` once, before the loop.
[[gnu::always_inline]] inline void Add(long value) { counter += value; }

// Of as many threads as there are CPUs, each of which visits all CPUs `rounds` times.
template <typename Function>
bool OnTravellers(Function function) {
  std::vector<std::thread> threads;
  std::vector<char> right(toro::CpuCount() + 1);
  for (size_t i = 0; i < right.size(); ++i) threads.emplace_back([&, i] { right[i] = function(static_cast<long>(i)); });
  bool all = true;
  for (std::thread& thread : threads) thread.join();
  for (char one : right) all = all && one != 0;
  return all;
}

bool VariablesTravel(long who) {
  const long* before = &counter;
  counter = who * 1000;
  text = std::to_string(who);
  bool right = initialised == 42;
  for (int i = 0; i < 200; ++i) {
    Add(1);
    CpuId to = Next();
    (void)toro::Migrate(to);
    Add(1);
    right = right && toro::CurrentCpu() == to && &counter == before;
  }
  return right && counter == who * 1000 + 400 && text == std::to_string(who);
}

bool VariablesStay(long who) {
  counter = who;
  for (int i = 0; i < 50; ++i) Add(1);
  return counter == who + 50;
}

bool ErrnoTravels(long who) {
  for (int i = 0; i < 200; ++i) {
    errno = static_cast<int>(who * 1000) + i;
    (void)toro::Migrate(Next());
    if (errno != static_cast<int>(who * 1000) + i) return false;
  }
  return true;
}

// What belongs to the CPU must not be kept across a switch: the anchor is read anew each time.
bool TheCpuIsReadAnew(long) {
  for (int i = 0; i < 200; ++i) {
    toro::Scheduler* before = &toro::Scheduler::Current();
    CpuId to = Next();
    (void)toro::Migrate(to);
    toro::Scheduler* after = &toro::Scheduler::Current();
    if (toro::CpuCount() > 1 && before == after) return false;
    if (after->id() != to || toro::CurrentCpu() != to) return false;
  }
  return true;
}

struct Traveller {
  // Runs while an exception is in flight, and is overtaken by others of that CPU meanwhile.
  ~Traveller() {
    (void)toro::Migrate(Next());
    toro::Yield();
  }
};

int ThrowsWhileTravelling(int depth, int value) {
  Traveller traveller;
  if (depth == 0) throw value;
  return ThrowsWhileTravelling(depth - 1, value) + 1;
}

bool ExceptionsTravel(long who) {
  for (int i = 0; i < 20; ++i) {
    int value = static_cast<int>(who) * 100 + i;
    try {
      try {
        ThrowsWhileTravelling(3, value);
        return false;
      } catch (int caught) {
        (void)toro::Migrate(Next());
        if (caught != value || std::uncaught_exceptions() != 0) return false;
        try {
          throw std::runtime_error(std::to_string(value));
        } catch (const std::runtime_error& inner) {
          (void)toro::Migrate(Next());
          if (inner.what() != std::to_string(value)) return false;
        }
        throw;  // the outer one again, on another CPU than where it was caught
      }
    } catch (int again) {
      if (again != value) return false;
    }
  }
  return true;
}

// Volatile: the compiler must not divide at compile time in its own mode, nor later than here.
double Third() {
  volatile double one = 1, three = 3, third = one / three;
  return third;
}

bool RoundingTravels(long who) {
  const double nearest = Third();
  const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  const int mode = modes[who % 4];
  std::fesetround(mode);
  const double expected = Third();
  if (mode == FE_UPWARD && expected <= nearest) return false;
  for (int i = 0; i < 50; ++i) {
    if (i % 3 == 0) toro::Yield();
    if (i % 3 == 1) (void)toro::Migrate(Next());
    if (i % 10 == 2) std::this_thread::sleep_for(std::chrono::microseconds(10));
    if (std::fegetround() != mode || Third() != expected) return false;
  }
  if (who % 2 == 0) std::fesetround(FE_TONEAREST);  // the others end as they are
  return true;
}

bool DefaultRounding(long) {
  for (int i = 0; i < 50; ++i) {
    if (std::fegetround() != FE_TONEAREST) return false;
    toro::Yield();
  }
  return true;
}

}  // namespace

void ThreadLocals() {
  Check(OnTravellers(PerThread() ? VariablesTravel : VariablesStay), "thread_local variables are the thread's");
  Check(!PerThread() || OnTravellers(ErrnoTravels), "errno is the thread's");
  Check(OnTravellers(TheCpuIsReadAnew), "what belongs to the CPU is read anew after each switch");
  Check(OnTravellers(ExceptionsTravel), "exceptions in flight travel with their thread");
  Check(OnTravellers(RoundingTravels), "a rounding mode is the thread's, and stays it across yields, waits and CPUs");
  Check(OnTravellers(DefaultRounding) && DefaultRounding(0), "no thread leaves its rounding mode to another");
}

}  // namespace contract
