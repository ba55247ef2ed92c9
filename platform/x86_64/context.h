// StackContext: a thread that is not running, in three words.
//
// WHY. A cooperative switch happens where the compiler knows about it, so the compiler can save what is live, and only
// that: the switch is inlined and declares every other register clobbered. It neither pushes nor returns: a push would
// write into the red zone of the hosted world, and a `ret` to an address that no `call` pushed is mispredicted.
//
// LAYOUT at a saved context
//   sp  the stack pointer of the switching function, unchanged
//   bp  its frame pointer
//   ip  where it goes on: label 1 of the switch
// A prepared context: sp = 8 below a 16-byte boundary, as after a call; bp = 0, which ends a backtrace; ip = the entry.
//
// NOT SAVED: the x87 control word and MXCSR. Nearly all threads share the default; one that has others takes the slow
// way at each switch, and the scheduler saves and restores them there (Scheduler::KeepFloatControls).
//
// COST. Three stores, two loads, one indirect jump; about 1.1 ns on a Zen core (bench: context switch).
#ifndef PLATFORM_X86_64_CONTEXT_H_
#define PLATFORM_X86_64_CONTEXT_H_

#include <cstdint>

namespace toro::x86_64 {

struct StackContext {
  void* sp = nullptr;
  void* bp = nullptr;
  void* ip = nullptr;
};

inline StackContext PrepareStackContext(void* stack_top, void (*entry)()) {
  uint64_t top = reinterpret_cast<uint64_t>(stack_top) & ~uint64_t{15};
  top -= 8;
  *reinterpret_cast<uint64_t*>(top) = 0;  // the return address of the entry: there is none
  return {reinterpret_cast<void*>(top), nullptr, reinterpret_cast<void*>(entry)};
}

// Continues `to`; returns when somebody continues `from`, possibly on another CPU.
[[gnu::always_inline]] inline void SwitchStackContext(StackContext& from, const StackContext& to) {
  StackContext* save = &from;
  const StackContext* load = &to;
  asm volatile(
      "leaq 1f(%%rip), %%rax\n\t"
      "movq %%rsp, 0(%[save])\n\t"
      "movq %%rbp, 8(%[save])\n\t"
      "movq %%rax, 16(%[save])\n\t"
      "movq 0(%[load]), %%rsp\n\t"
      "movq 8(%[load]), %%rbp\n\t"
      "jmpq *16(%[load])\n\t"
      "1:"
      : [save] "+D"(save), [load] "+S"(load)
      :
      : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc", "st", "st(1)",
        "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
        "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#ifdef __AVX512F__
        ,
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",
        "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#endif
  );
}

// Continues `to` and forgets the caller.
[[noreturn, gnu::always_inline]] inline void LeaveForStackContext(const StackContext& to) {
  asm volatile(
      "movq 0(%[load]), %%rsp\n\t"
      "movq 8(%[load]), %%rbp\n\t"
      "jmpq *16(%[load])\n\t"
      :
      : [load] "S"(&to)
      : "memory");
  __builtin_unreachable();
}

}  // namespace toro::x86_64

#endif  // PLATFORM_X86_64_CONTEXT_H_
