// What a platform's hot lane must offer. PORTING.md says what each operation means; this concept says how it is spelt.
#ifndef CORE_MACHINE_MACHINE_CONTRACT_H_
#define CORE_MACHINE_MACHINE_CONTRACT_H_

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace toro {

template <typename B>
concept MachineBackend =
    requires(typename B::Context context, typename B::FloatControls controls, void* pointer, void (*entry)()) {
      // The pointer that SetCurrentCpuAnchor stored on the CPU that executes this, or null. Never cached by the
      // compiler: a thread that migrates reads its new CPU after the switch.
      { B::CurrentCpuAnchor() } -> std::same_as<void*>;
      { B::SetCurrentCpuAnchor(pointer) } -> std::same_as<void>;

      // A counter that only grows on one CPU, at a constant rate, cheap to read.
      { B::Cycles() } -> std::same_as<uint64_t>;

      // Nanoseconds since some moment before boot; the same clock on all CPUs, monotonic across them to within 1 us.
      { B::NowNs() } -> std::same_as<uint64_t>;

      // The floating-point controls of this CPU (rounding, masks) that SwitchContext leaves as they are. SameAs:
      // without the flags that arithmetic sets.
      { B::ReadFloatControls() } -> std::same_as<typename B::FloatControls>;
      { B::WriteFloatControls(controls) } -> std::same_as<void>;
      { controls.SameAs(controls) } -> std::same_as<bool>;

      // Called between two polls of a wait. Must let every other CPU make progress, even when CPUs outnumber cores.
      { B::Relax() } -> std::same_as<void>;

      // All earlier stores of this CPU are visible to all CPUs before any later load is executed. Idle path only.
      { B::FullFence() } -> std::same_as<void>;

      // A hint: the line at the address will be written soon. Never faults, whatever the address.
      { B::PrefetchForWrite(static_cast<const void*>(nullptr)) } -> std::same_as<void>;

      // Interrupts that arrive while masked stay pending. Nesting is not supported. Idle path only.
      { B::MaskInterrupts() } -> std::same_as<void>;
      { B::UnmaskInterrupts() } -> std::same_as<void>;

      // Makes `context` start in `entry` on a stack that ends at `stack_top`; `stack_low` and `stack_top` bound it.
      // `thread_locals` is the block that InitThreadLocals (platform_services.h) filled, or null.
      { B::PrepareContext(context, entry, pointer, pointer, pointer) } -> std::same_as<void>;

      // Makes `context` stand for the code that calls this, so that it can be switched away from. Once per CPU.
      { B::AdoptContext(context) } -> std::same_as<void>;

      // Frees what PrepareContext took, if anything. The context runs nowhere and never will.
      { B::ReleaseContext(context) } -> std::same_as<void>;

      // Saves what is live into the first and continues the second. Keeps no value of the current CPU in a register.
      { B::SwitchContext(context, context) } -> std::same_as<void>;

      // As SwitchContext, for a context that will never run again.
      { B::LeaveContext(context, context) } -> std::same_as<void>;
    };

}  // namespace toro

#endif  // CORE_MACHINE_MACHINE_CONTRACT_H_
