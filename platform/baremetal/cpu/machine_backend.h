// The hot lane of the bare machine. See core/machine/PORTING.md for what each operation promises.
#ifndef PLATFORM_BAREMETAL_CPU_MACHINE_BACKEND_H_
#define PLATFORM_BAREMETAL_CPU_MACHINE_BACKEND_H_

#include <cstddef>
#include <cstdint>

#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/x86_64/context.h"
#include "platform/x86_64/cpu_instructions.h"
#include "platform/x86_64/float_controls.h"

namespace toro {

namespace runtime {
void* ThreadPointerOf(void* block);  // platform/baremetal/runtime/thread_block.h
}

namespace baremetal {

// Whether WRFSBASE works; decided by the boot CPU before any switch.
extern bool has_fsgsbase;

// Makes `pointer` the base of the calling CPU's thread_local variables.
inline void SetThreadPointer(uint64_t pointer) {
  if (__builtin_expect(has_fsgsbase, 1)) {
    asm volatile("wrfsbase %0" : : "r"(pointer) : "memory");
  } else {
    WriteMsr(kMsrFsBase, pointer);
  }
}

}  // namespace baremetal

struct Backend {
  struct Context {
    x86_64::StackContext stack;
    uint64_t thread_pointer = 0;
  };

  // Volatile, and from %gs: the compiler cannot carry it over a switch to another CPU.
  static void* CurrentCpuAnchor() {
    void* anchor;
    asm volatile("movq %%gs:0, %0" : "=r"(anchor));
    return anchor;
  }
  static void SetCurrentCpuAnchor(void* anchor) { asm volatile("movq %0, %%gs:0" : : "r"(anchor) : "memory"); }

  static uint64_t Cycles() { return x86_64::ReadTimeStampCounter(); }
  static uint64_t NowNs() { return baremetal::ClockNowNs(); }

  using FloatControls = x86_64::FloatControls;
  static FloatControls ReadFloatControls() { return x86_64::ReadFloatControls(); }
  static void WriteFloatControls(const FloatControls& controls) { x86_64::WriteFloatControls(controls); }

  static void Relax() { x86_64::Pause(); }
  static void FullFence() { x86_64::MemoryFence(); }
  static void PrefetchForWrite(const void* address) { x86_64::PrefetchForWrite(address); }

  static void MaskInterrupts() { baremetal::DisableInterrupts(); }
  static void UnmaskInterrupts() { baremetal::EnableInterrupts(); }

  static void PrepareContext(Context& context, void (*entry)(), void* /*stack_low*/, void* stack_top,
                             void* thread_locals) {
    context.stack = x86_64::PrepareStackContext(stack_top, entry);
    context.thread_pointer =
        thread_locals != nullptr ? reinterpret_cast<uint64_t>(runtime::ThreadPointerOf(thread_locals)) : 0;
  }

  static void AdoptContext(Context& context) { context.thread_pointer = baremetal::ReadMsr(baremetal::kMsrFsBase); }
  static void ReleaseContext(Context&) {}

  // The thread pointer first: between it and the jump nothing uses it.
  [[gnu::always_inline]] static void SwitchContext(Context& from, Context& to) {
    baremetal::SetThreadPointer(to.thread_pointer);
    x86_64::SwitchStackContext(from.stack, to.stack);
  }
  [[noreturn, gnu::always_inline]] static void LeaveContext(Context& /*from*/, Context& to) {
    baremetal::SetThreadPointer(to.thread_pointer);
    x86_64::LeaveForStackContext(to.stack);
  }
};

}  // namespace toro

#endif  // PLATFORM_BAREMETAL_CPU_MACHINE_BACKEND_H_
