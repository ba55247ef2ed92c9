// EXPECT: calling function 'scheduler' requires holding CPU 'other' exclusively
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

void SpawnThere(toro::Cpu& other, const toro::ThreadBody& body) { (void)other.scheduler().Create(body, {}); }
