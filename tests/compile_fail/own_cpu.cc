// EXPECT nothing: the three ways to hold a CPU.
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"

void* Here() { return toro::Cpu::Current().partition().Allocate(8); }
void Deliver(toro::Cpu& here, toro::CpuId, const uint64_t* words, size_t) TORO_ON(here) {
  here.Free(reinterpret_cast<void*>(words[0]));
}
void Said(toro::Cpu& here) {
  here.AssertHere();
  here.Step();
}
