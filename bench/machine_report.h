// Prints what a figure depends on: processor, kernel, hypervisor, pinning, what else runs.
#ifndef BENCH_MACHINE_REPORT_H_
#define BENCH_MACHINE_REPORT_H_

#include <vector>

#include "bench/bracket.h"

namespace toro::bench {

// The CPUs that this process may run on, ascending.
std::vector<int> AllowedCpus();

// `usable_cpus`: before pinning. `preferred`: RaisePriority succeeded.
void PrintMachine(const PinnedPair& pair, Bracket& bracket, size_t usable_cpus, bool preferred);

}  // namespace toro::bench

#endif  // BENCH_MACHINE_REPORT_H_
