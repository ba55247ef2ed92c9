// What check_disassembly is for, as a compiler emits it: its self-test expects each of these functions to be reported.
#include <atomic>

#include "core/machine/machine.h"

namespace toro {

std::atomic<int> planted_word;

extern "C" void PlantedLockedAdd() { planted_word.fetch_add(1); }
extern "C" void PlantedSequentialStore() { planted_word.store(1, std::memory_order_seq_cst); }
extern "C" void PlantedFence() { asm volatile("mfence"); }
extern "C" void PlantedSystemCall() { asm volatile("syscall"); }
extern "C" void PlantedOldSystemCall() { asm volatile("int $0x80"); }
extern thread_local int planted_local;
extern "C" int* PlantedThreadAddress() { return &planted_local; }
extern "C" void PlantedCpuPointer(Machine::Context* from, Machine::Context* to) {
  auto* cpu = static_cast<int*>(Machine::CurrentCpuAnchor());
  Machine::SwitchContext(*from, *to);
  *cpu = 1;  // of the CPU on which the thread was
}
extern "C" void PlantedPartOfCpu(Machine::Context* from, Machine::Context* to) {
  auto* part = static_cast<int*>(Machine::CurrentCpuAnchor()) + 16;
  *part = 0;
  Machine::SwitchContext(*from, *to);
  *part = 1;
}
extern "C" int PlantedFunctionStatic() {
  static const int value = planted_word.load() + 1;  // its guard is an atomic and a call into the runtime
  return value;
}

extern "C" void AllowedCpuPointerReadAgain(Machine::Context* from, Machine::Context* to) {
  *static_cast<int*>(Machine::CurrentCpuAnchor()) = 1;
  Machine::SwitchContext(*from, *to);
  *static_cast<int*>(Machine::CurrentCpuAnchor()) = 2;
}
extern "C" void AllowedTrap() { asm volatile("int3"); }
extern "C" void AllowedRegisterExchange() { asm volatile("xchg %%ax, %%ax\n\txchg %%rax, %%rbx" ::: "rax", "rbx"); }
extern "C" int AllowedAcquire() { return planted_word.load(std::memory_order_acquire); }
extern "C" void AllowedRelease() { planted_word.store(2, std::memory_order_release); }

}  // namespace toro
