// The hot lane of the hosted world: a CPU is a pinned pthread, or one of many that the deterministic executor steps.
// See core/machine/PORTING.md for what each operation promises.
#ifndef PLATFORM_HOSTED_MACHINE_BACKEND_H_
#define PLATFORM_HOSTED_MACHINE_BACKEND_H_

#include <cstddef>
#include <cstdint>

#include "platform/x86_64/context.h"
#include "platform/x86_64/cpu_instructions.h"
#include "platform/x86_64/float_controls.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TORO_SANITIZED_FIBERS 1
#endif

namespace toro {

namespace hosted {

// What the C++ runtime keeps per pthread about exceptions in flight; belongs to the thread that runs on it. [itanium-eh
// 2.2.2]
struct ExceptionGlobals {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

extern thread_local void* current_cpu_anchor;
extern thread_local ExceptionGlobals* exception_globals;

void RelaxSlowly();
uint64_t ReadClock();

#ifdef TORO_SANITIZED_FIBERS
// Tells the sanitizer which stack runs from now on. `leaving`: the context before the switch will never run again.
struct FiberState {
  void* thread_fiber = nullptr;  // TSan
  void* fake_stack = nullptr;    // ASan
  const void* stack_low = nullptr;
  size_t stack_bytes = 0;
  void (*entry)() = nullptr;
};
void AdoptFiber(FiberState& fiber);
void PrepareFiber(FiberState& fiber, const void* stack_low, size_t stack_bytes);
void BeforeFiberSwitch(FiberState& from, FiberState& to, bool leaving);
void AfterFiberSwitch(FiberState& self);
void FiberEntry();
#endif

}  // namespace hosted

struct Backend {
  struct Context {
    x86_64::StackContext stack;
    hosted::ExceptionGlobals exceptions;
#ifdef TORO_SANITIZED_FIBERS
    hosted::FiberState fiber;
#endif
  };

  // The offset of the variable is a link-time constant, so this is one load, and volatile keeps it where it is written.
  static void* CurrentCpuAnchor() {
    void* anchor;
    asm volatile("movq %%fs:_ZN4toro6hosted18current_cpu_anchorE@tpoff, %0" : "=r"(anchor));
    return anchor;
  }
  static void SetCurrentCpuAnchor(void* anchor);

  static uint64_t Cycles() { return x86_64::ReadTimeStampCounter(); }
  static uint64_t NowNs() { return hosted::ReadClock(); }

  using FloatControls = x86_64::FloatControls;
  static FloatControls ReadFloatControls() { return x86_64::ReadFloatControls(); }
  static void WriteFloatControls(const FloatControls& controls) { x86_64::WriteFloatControls(controls); }

  static void Relax() { hosted::RelaxSlowly(); }
  static void FullFence() { x86_64::MemoryFence(); }
  static void PrefetchForWrite(const void* address) { x86_64::PrefetchForWrite(address); }

  // A wake-up is latched in a word of its own (WakeCpu), so there is nothing to mask.
  static void MaskInterrupts() {}
  static void UnmaskInterrupts() {}

  static void PrepareContext(Context& context, void (*entry)(), void* stack_low, void* stack_top, void* thread_locals);
  static void AdoptContext(Context& context);
  static void ReleaseContext(Context& context);
  static void SwitchContext(Context& from, Context& to);
  [[noreturn]] static void LeaveContext(Context& from, Context& to);

 private:
  static hosted::ExceptionGlobals* Globals() {
    hosted::ExceptionGlobals* globals;
    asm volatile("movq %%fs:_ZN4toro6hosted17exception_globalsE@tpoff, %0" : "=r"(globals));
    return globals;
  }
  static void SwapExceptions(hosted::ExceptionGlobals& save, const hosted::ExceptionGlobals& load) {
    hosted::ExceptionGlobals* globals = Globals();
    save = *globals;
    *globals = load;
  }
};

#ifdef TORO_SANITIZED_FIBERS

[[gnu::always_inline]] inline void Backend::SwitchContext(Context& from, Context& to) {
  SwapExceptions(from.exceptions, to.exceptions);
  hosted::BeforeFiberSwitch(from.fiber, to.fiber, false);
  x86_64::SwitchStackContext(from.stack, to.stack);
  hosted::AfterFiberSwitch(from.fiber);
}

[[gnu::always_inline]] inline void Backend::LeaveContext(Context& from, Context& to) {
  SwapExceptions(from.exceptions, to.exceptions);
  hosted::BeforeFiberSwitch(from.fiber, to.fiber, true);
  x86_64::LeaveForStackContext(to.stack);
}

#else

[[gnu::always_inline]] inline void Backend::SwitchContext(Context& from, Context& to) {
  SwapExceptions(from.exceptions, to.exceptions);
  x86_64::SwitchStackContext(from.stack, to.stack);
}

[[gnu::always_inline]] inline void Backend::LeaveContext(Context& from, Context& to) {
  SwapExceptions(from.exceptions, to.exceptions);
  x86_64::LeaveForStackContext(to.stack);
}

#endif

}  // namespace toro

#endif  // PLATFORM_HOSTED_MACHINE_BACKEND_H_
