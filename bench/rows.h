// The groups of the suite, one function per file rows_*.cc.
#ifndef BENCH_ROWS_H_
#define BENCH_ROWS_H_

#include "bench/suite.h"

namespace toro::bench {

void AddRoundTripRows(Suite& suite);
void AddOneWayRows(Suite& suite);
void AddSwitchRows(Suite& suite);
void AddEmptyPollRows(Suite& suite);
void AddThreadRows(Suite& suite, const PinnedPair& pair);

}  // namespace toro::bench

#endif  // BENCH_ROWS_H_
