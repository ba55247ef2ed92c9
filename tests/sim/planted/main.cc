// planted: one bug for each rule of the simulator's checkers, chosen by name. Two CPUs.
//
// An application is in the address space of the kernel, so it can do to the kernel's objects what a bug of the kernel
// would do.
#include <cstdio>
#include <cstring>

#include "core/kernel/toro.h"
#include "core/machine/simulation.h"

namespace {

using toro::CpuId;

constexpr CpuId kOther{1};

struct Note : toro::Message {
  bool arrived = false;
};
Note notes[3];

void Arrive(toro::Cpu&, toro::Message& message) { static_cast<Note&>(message).arrived = true; }

toro::Exchange& Here() { return toro::Cpu::Current().exchange(); }

void PostAll() {
  for (Note& note : notes) {
    note.deliver = &Arrive;
    Here().Post(kOther, note);
  }
}

// The sender uses a message again that the receiver does not have yet.
void MessageTwice() {
  notes[0].deliver = &Arrive;
  Here().Post(kOther, notes[0]);
  Here().Post(kOther, notes[0]);
}

// The second of a chain is skipped, so the third arrives in its place. They are one chain when the slot refuses the
// first two.
void MessageSkipped() {
  PostAll();
  notes[0].next = &notes[2];
  toro::SleepFor(toro::kNsPerSecond);
}

// The end of a chain is cut off: it never arrives.
void MessageDropped() {
  PostAll();
  notes[1].next = nullptr;
  toro::SleepFor(toro::kNsPerSecond);
}

// Memory of another CPU is taken without asking it.
void ForeignAllocation() { (void)toro::Cluster::Get().cpu(kOther).partition().Allocate(64); }

// A thread of another CPU is made ready here.
void ForeignWakeUp() {
  auto thread = toro::Spawn(kOther, [] { toro::SleepFor(toro::kNsPerSecond); });
  toro::SleepFor(100 * toro::kNsPerUs);
  toro::Thread* sleeper = nullptr;
  toro::Cluster::Get().cpu(kOther).scheduler().VisitThreads([&](toro::Thread& found) {
    if (found.id == thread.value()) sleeper = &found;
  });
  toro::Scheduler::Current().EndWait(*sleeper, toro::Status::kOk);
  toro::Yield();
}

// A ready thread is no more in the ring.
void ForgottenThread() {
  (void)toro::Spawn(toro::kBootCpu, [] {});
  toro::Thread* here = toro::Scheduler::Current().current();
  here->next = here->previous = here;
  for (int i = 0; i < 100'000; ++i) toro::Yield();
}

// The allocator hands out what is in use.
void OverlappingObjects() {
  char* object = static_cast<char*>(toro::Cpu::Current().partition().Allocate(256));
  toro::Simulation::Allocated(toro::kBootCpu, object + 128, 64);
}

// The allocator's count is wrong.
void WrongBalance() {
  void* object = toro::Cpu::Current().partition().Allocate(256);
  toro::Simulation::Freed(toro::kBootCpu, object, 256);
  for (int i = 0; i < 10'000; ++i) toro::Yield();
}

// What a run does depends on the clock of the host.
void HostClock() {
  for (uint64_t i = toro::Machine::Cycles() % 10'007; i > 0; --i) toro::Yield();
}

// Waits for an answer of the other CPU, which sleeps between two questions.
void Talk() {
  for (int i = 0; i < 200; ++i) {
    toro::Call(kOther, [] {});
    toro::SleepFor(toro::kNsPerMs);
  }
}

struct Bug {
  const char* name;
  void (*plant)();
};
constexpr Bug kBugs[] = {
    {"message-twice", &MessageTwice},
    {"message-skipped", &MessageSkipped},
    {"message-dropped", &MessageDropped},
    {"foreign-allocation", &ForeignAllocation},
    {"foreign-wake-up", &ForeignWakeUp},
    {"forgotten-thread", &ForgottenThread},
    {"overlapping-objects", &OverlappingObjects},
    {"wrong-balance", &WrongBalance},
    {"host-clock", &HostClock},
    {"talk", &Talk},
};

}  // namespace

int main(int argc, char** argv) {
  for (const Bug& bug : kBugs) {
    if (argc != 2 || std::strcmp(argv[1], bug.name) != 0) continue;
    bug.plant();
    return 0;
  }
  std::fprintf(stderr, "planted: expected the name of a bug\n");
  return 2;
}
