// EXPECT: calling function 'Step' requires holding CPU 'cpu' exclusively
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

void StepAll(toro::Cluster& cluster) {
  for (size_t i = 0; i < cluster.cpus(); ++i) {
    toro::Cpu& cpu = cluster.cpu(toro::CpuId{i});
    cpu.Step();
  }
}
