// CpuArea: the memory that one CPU needs before and below any thread: its stacks, its descriptor tables, its block.
//
// LAYOUT. Each stack lies between two guard pages that no page table maps.
//   +0      guard | loop stack 16 KiB | guard | faults 8 KiB | guard | interrupts 8 KiB | guard | NMI, #MC 4 KiB
//   | guard | double fault 4 KiB | guard | CpuBlock, GDT, TSS 4 KiB
//
// WHY stacks of their own for every gate: the distribution's archives keep live data in the red zone below rsp.
//
// INVARIANTS
//   I1. %gs points to the CPU's CpuBlock from the first C++ statement on, for ever.
//   I2. Only its own CPU writes a CpuBlock, but for the fields that the boot CPU fills before it starts that CPU.
#ifndef PLATFORM_BAREMETAL_CPU_CPU_AREA_H_
#define PLATFORM_BAREMETAL_CPU_CPU_AREA_H_

#include <cstddef>
#include <cstdint>

#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/device/interrupt_line.h"
#include "platform/baremetal/cpu/control_bits.h"
#include "platform/baremetal/cpu/layout.h"

namespace toro::baremetal {

// What a CPU keeps for itself, at %gs:0.
struct CpuBlock {
  void* anchor = nullptr;          // Machine::SetCurrentCpuAnchor
  uint64_t wake_latched = 0;       // set by the wake interrupt: the next HaltCpu returns at once
  uint64_t timer_deadline_ns = 0;  // what the timer is armed for; 0: not armed. Cleared by the timer interrupt
  uint64_t loop_stack_top = 0;
  CpuBlock* self = nullptr;
  uint64_t thread_pointer = 0;  // of the CPU's loop
  uint64_t stall_bound_ns = 0;  // 0: no watch (stall_watch.h)
  uint64_t root = 0;            // of the CPU's page tables, where each has its own (isolation.h); else 0
  InterruptLine* device_lines[DEVICE_VECTORS] = {};  // what kFirstDeviceVector + n notes; null: nothing (interrupts.h)
  uint32_t apic_id = 0;
  CpuId id;
  uint64_t random_words[2] = {};  // the state of NextRandom (entropy.h)
  // What the last tick saw, and when.
  uint64_t stall_progress = 0;
  uint64_t stall_seen_ns = 0;
  bool stall_reported = false;
  bool stall_powers_off = false;
  bool stall_ticked = false;       // a tick came while the CPU rested
  uint64_t stall_masked_beat = 0;  // the beat after which another CPU first found this one with interrupts masked
  uint64_t last_halt_ns = 0;       // how long the last MWAIT took (halt.cc)
  ControlBits control;             // as they were when the CPU had entered its address space
};
static_assert(offsetof(CpuBlock, anchor) == CPU_BLOCK_ANCHOR);
static_assert(offsetof(CpuBlock, wake_latched) == CPU_BLOCK_WAKE_LATCHED);
static_assert(offsetof(CpuBlock, timer_deadline_ns) == CPU_BLOCK_TIMER_DEADLINE);
static_assert(offsetof(CpuBlock, loop_stack_top) == CPU_BLOCK_LOOP_STACK_TOP);
static_assert(offsetof(CpuBlock, stall_bound_ns) == CPU_BLOCK_STALL_BOUND);
static_assert(offsetof(CpuBlock, device_lines) == CPU_BLOCK_DEVICE_LINES);
static_assert(offsetof(InterruptLine, acknowledge) == LINE_ACKNOWLEDGE);
static_assert(offsetof(InterruptLine, count) == LINE_COUNT);
static_assert(offsetof(InterruptLine, causes) == LINE_CAUSES);

// Task state segment, 64-bit [sdm3 8.7]: only the interrupt stack table is used.
struct [[gnu::packed]] TaskState {
  uint32_t reserved_1 = 0;
  uint64_t privilege_stacks[3] = {};
  uint64_t reserved_2 = 0;
  uint64_t interrupt_stacks[7] = {};  // IST 1..7
  uint64_t reserved_3 = 0;
  uint16_t reserved_4 = 0;
  uint16_t io_map_base = 0;
};
static_assert(sizeof(TaskState) == 104);

// Which interrupt stack a gate uses.
enum class InterruptStack : uint8_t { kFaults = 1, kInterrupts = 2, kNonMaskable = 3, kDoubleFault = 4 };

template <size_t kBytes>
struct GuardedStack {
  alignas(kPageBytes) unsigned char guard[kPageBytes];
  unsigned char bytes[kBytes];

  uint64_t top() const { return reinterpret_cast<uint64_t>(bytes + kBytes); }
};

struct CpuArea {
  GuardedStack<4 * kPageBytes> loop;
  GuardedStack<2 * kPageBytes> faults;
  GuardedStack<2 * kPageBytes> interrupts;
  GuardedStack<kPageBytes> non_maskable;
  GuardedStack<kPageBytes> double_fault;
  alignas(kPageBytes) unsigned char last_guard[kPageBytes];
  alignas(kPageBytes) CpuBlock block;
  alignas(kCacheLineBytes) uint64_t gdt[5];
  TaskState task_state;

  static constexpr size_t kGuards = 6;
  const unsigned char* guard(size_t index) const {
    const unsigned char* guards[kGuards] = {loop.guard,         faults.guard,       interrupts.guard,
                                            non_maskable.guard, double_fault.guard, last_guard};
    return guards[index];
  }
};
static_assert(offsetof(CpuArea, loop) + sizeof(CpuArea::loop) == CPU_AREA_LOOP_STACK_TOP);
static_assert(sizeof(CpuArea) % kPageBytes == 0);

// The boot CPU's area is part of the image; the others' lie in the boot reserve.
extern "C" CpuArea boot_cpu_area;

// Of the CPU that executes this.
inline CpuBlock& CurrentCpuBlock() {
  CpuBlock* block;
  static_assert(offsetof(CpuBlock, self) == 32);
  asm volatile("movq %%gs:32, %0" : "=r"(block));
  return *block;
}

// Fills `area` for CPU `id`. Any CPU, before that CPU runs.
void PrepareCpuArea(CpuArea& area, CpuId id, uint32_t apic_id);

// Makes the calling CPU be the one of `area`: descriptor tables, %gs, interrupt gates. Its first C++ call; the segment
// registers %fs and %gs are null.
void EnterCpuArea(CpuArea& area);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_CPU_AREA_H_
