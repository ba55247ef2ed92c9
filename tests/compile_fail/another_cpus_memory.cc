// EXPECT: calling function 'partition' requires holding CPU 'Get().cpu(#undefined)' exclusively
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

void* TakeMemoryOf(toro::CpuId other) { return toro::Cluster::Get().cpu(other).partition().Allocate(8); }
