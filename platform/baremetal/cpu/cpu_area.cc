#include "platform/baremetal/cpu/cpu_area.h"

#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro::baremetal {
namespace {

// A TSS descriptor takes two entries [sdm3 8.2.3].
void DescribeTaskState(uint64_t* gdt, const TaskState& task_state) {
  uint64_t base = reinterpret_cast<uint64_t>(&task_state);
  constexpr uint64_t kAvailablePresent = 0x89;
  gdt[0] = (sizeof(TaskState) - 1) | (base & 0xffffff) << 16 | kAvailablePresent << 40 | (base >> 24 & 0xff) << 56;
  gdt[1] = base >> 32;
}

}  // namespace

extern "C" {
constinit CpuArea boot_cpu_area{};  // all zero, so that it takes no room in the file
}

void PrepareCpuArea(CpuArea& area, CpuId id, uint32_t apic_id) {
  area.block = CpuBlock{};
  area.block.self = &area.block;
  area.block.loop_stack_top = area.loop.top();
  area.block.apic_id = apic_id;
  area.block.id = id;
  area.gdt[0] = 0;
  area.gdt[SELECTOR_CODE / 8] = GDT_CODE;
  area.gdt[SELECTOR_DATA / 8] = GDT_DATA;
  area.task_state = TaskState{};
  area.task_state.io_map_base = sizeof(TaskState);  // beyond the limit: no map
  auto set = [&area](InterruptStack stack, uint64_t top) {
    area.task_state.interrupt_stacks[static_cast<size_t>(stack) - 1] = top;
  };
  set(InterruptStack::kFaults, area.faults.top());
  set(InterruptStack::kInterrupts, area.interrupts.top());
  set(InterruptStack::kNonMaskable, area.non_maskable.top());
  set(InterruptStack::kDoubleFault, area.double_fault.top());
  DescribeTaskState(&area.gdt[SELECTOR_TSS / 8], area.task_state);
}

void EnterCpuArea(CpuArea& area) {
  DescriptorTablePointer pointer{sizeof area.gdt - 1, reinterpret_cast<uint64_t>(area.gdt)};
  asm volatile("lgdt %0" : : "m"(pointer));
  asm volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%ss" : : "r"(SELECTOR_DATA));
  WriteMsr(kMsrGsBase, reinterpret_cast<uint64_t>(&area.block));
  asm volatile("ltr %w0" : : "r"(SELECTOR_TSS));
  LoadInterruptGates();
}

}  // namespace toro::baremetal
