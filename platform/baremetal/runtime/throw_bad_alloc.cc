// Linked exactly when something can catch: every object with a catch or a cleanup names the personality routine, and
// the link (--wrap, see BUILD.bazel) sends that name here.
#include <new>

extern "C" void toro_throw_bad_alloc() { throw std::bad_alloc(); }

// What throws for a fault of the CPU comes along (platform/x86_64/fault_throw.cc): the handler names it weakly.
extern "C" void toro_throw_cpu_fault();
[[gnu::used]] void (*const toro_linked_with_catch)() = &toro_throw_cpu_fault;

asm(R"(
  .section .text.__wrap___gxx_personality_v0, "ax", @progbits
  .globl __wrap___gxx_personality_v0
  .type __wrap___gxx_personality_v0, @function
__wrap___gxx_personality_v0:
  jmp __real___gxx_personality_v0
  .size __wrap___gxx_personality_v0, . - __wrap___gxx_personality_v0
  .text
)");
