#include "core/kernel/thread_list.h"

#include <cstdio>
#include <cstring>
#include <new>

#include "core/kernel/allocation.h"
#include "core/kernel/toro.h"

namespace toro {
namespace {

struct List {
  ThreadReport* reports;
  size_t count;
  Status status;
};

// On the CPU of the threads.
List MakeList() {
  Scheduler& here = Scheduler::Current();
  size_t count = 0;
  here.VisitThreads([&count](Thread&) { ++count; });
  auto* reports = static_cast<ThreadReport*>(AllocateBytes(count * sizeof(ThreadReport)));
  if (reports == nullptr) return {nullptr, 0, Status::kOutOfMemory};
  // To find the memory messages may have been taken: what has come since is left out.
  const size_t room = count;
  count = 0;
  here.VisitThreads([&](Thread& thread) {
    if (count == room) return;
    ThreadReport& report = *new (&reports[count++]) ThreadReport;
    report.id = thread.id;
    report.cpu = here.id();
    report.running = here.current() == &thread;
    report.ready = thread.linked();
    report.suspended = (thread.flags & Thread::kSuspended) != 0;
    report.cancelled = (thread.flags & Thread::kCancelled) != 0;
    report.waits_for = thread.waits_for;
    report.stack_bytes = thread.stack_bytes;
    std::memcpy(report.name, thread.name, sizeof report.name);
  });
  return {reports, count, Status::kOk};
}

void PrintReport(const ThreadReport& report) {
  char line[160];
  int length = std::snprintf(line, sizeof line, "cpu %zu  thread %zu.%u.%u  %-23s  %s%s%s, stack %zu KiB\n",
                             report.cpu.index(), report.id.home().index(), report.id.index(), report.id.generation(),
                             report.name[0] != 0 ? report.name : "(unnamed)", report.State(),
                             report.suspended && report.waits_for != WaitsFor::kNothing ? ", suspended" : "",
                             report.cancelled ? ", cancelled" : "", report.stack_bytes / kKiB);
  if (length > 0)
    Print({line, static_cast<size_t>(length) < sizeof line ? static_cast<size_t>(length) : sizeof line - 1});
}

}  // namespace

const char* ThreadReport::State() const {
  if (running) return "running";
  if (ready) return "ready";
  switch (waits_for) {
    case WaitsFor::kNothing: return suspended ? "suspended" : "travelling";
    case WaitsFor::kWake: return "waits to be woken";
    case WaitsFor::kTime: return "sleeps";
    case WaitsFor::kTurn: return "polls";
    case WaitsFor::kCall: return "waits for a call";
    case WaitsFor::kJoin: return "waits for the end of a thread";
    case WaitsFor::kControl: return "waits for a suspend, resume or cancel";
    case WaitsFor::kMutex: return "waits for a mutex";
    case WaitsFor::kCondVar: return "waits for a condition";
    case WaitsFor::kSemaphore: return "waits for a semaphore";
    case WaitsFor::kEvent: return "waits for an event";
    case WaitsFor::kBarrier: return "waits at a barrier";
    case WaitsFor::kChannel: return "waits for a channel";
    case WaitsFor::kFuture: return "waits for a future";
  }
  return "unknown";
}

Status ForEachThread(CpuId cpu, void (*visit)(void* context, const ThreadReport& report), void* context) {
  if (cpu.index() >= CpuCount()) return Status::kNoSuchCpu;
  List list = Call(cpu, &MakeList);
  for (size_t i = 0; i < list.count; ++i) visit(context, list.reports[i]);
  FreeBytes(list.reports);
  return list.status;
}

void PrintThreads() {
  for (size_t i = 0; i < CpuCount(); ++i) {
    Status status = ForEachThread(CpuId{i}, &PrintReport);
    if (status != Status::kOk) Print("threads of one CPU are left out: no memory for their list\n");
  }
}

}  // namespace toro
