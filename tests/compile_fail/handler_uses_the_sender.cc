// EXPECT: calling function 'exchange' requires holding CPU 'sender' exclusively
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

// A handler holds the CPU that it runs on, and no other.
void Deliver(toro::Cpu& here, toro::CpuId from, const uint64_t* words, size_t count) TORO_ON(here) {
  toro::Cpu& sender = toro::Cluster::Get().cpu(from);
  here.exchange().SendLine(from, nullptr, words, count);
  sender.exchange().SendLine(here.id(), nullptr, words, count);
}
