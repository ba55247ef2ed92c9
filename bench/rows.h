// The groups of the suite, one function per file rows_*.cc.
#ifndef BENCH_ROWS_H_
#define BENCH_ROWS_H_

#include <vector>

#include "bench/suite.h"
#include "bench/worker.h"

namespace toro::bench {

// The allocators that are compared with, each the malloc of a process of its own.
struct MallocWorkers {
  struct Peer {
    const char* name;
    Worker* worker;
  };
  std::vector<Peer> peers;
};

void AddRoundTripRows(Suite& suite);
void AddOneWayRows(Suite& suite);
void AddSwitchRows(Suite& suite);
void AddEmptyPollRows(Suite& suite);
void AddAllocationRows(Suite& suite, const MallocWorkers& workers);
void AddForeignFreeRows(Suite& suite, const MallocWorkers& workers);
void AddSyncRows(Suite& suite);
void AddThreadRows(Suite& suite, const PinnedPair& pair);
void AddTimerRows(Suite& suite);

}  // namespace toro::bench

#endif  // BENCH_ROWS_H_
