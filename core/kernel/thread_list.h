// The threads of a CPU, for reports and tools.
//
// WHY a copy. What another CPU's threads do is known to that CPU only: it writes the list into memory of its own and
// sends it, and the asker reads it and sends it back.
#ifndef CORE_KERNEL_THREAD_LIST_H_
#define CORE_KERNEL_THREAD_LIST_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/result.h"
#include "core/sched/thread.h"

namespace toro {

struct ThreadReport {
  ThreadId id;
  CpuId cpu;             // where it is
  bool running = false;  // or ran when the list was made
  bool ready = false;
  bool suspended = false;
  bool cancelled = false;
  WaitsFor waits_for = WaitsFor::kNothing;
  size_t stack_bytes = 0;
  char name[24] = {};

  // "running", "ready", "waits for a mutex", "suspended" and so on; the first that applies.
  const char* State() const;
};

// Calls visit(context, report) for each thread that is on CPU `cpu` and runs, is ready, waits or is suspended there, in
// no particular order. kNoSuchCpu, kOutOfMemory (in the partition of `cpu`). Thread context.
Status ForEachThread(CpuId cpu, void (*visit)(void* context, const ThreadReport& report), void* context);

template <typename Visit>
Status ForEachThread(CpuId cpu, Visit visit) {
  return ForEachThread(
      cpu, [](void* context, const ThreadReport& report) { (*static_cast<Visit*>(context))(report); }, &visit);
}

// Prints one line per thread of every CPU. Thread context.
void PrintThreads();

}  // namespace toro

#endif  // CORE_KERNEL_THREAD_LIST_H_
