// Linked exactly when something can catch: every object with a catch or a cleanup names the personality routine, and
// the link (--wrap, see BUILD.bazel) sends that name here.
#include <new>

extern "C" void toro_throw_bad_alloc() { throw std::bad_alloc(); }

asm(R"(
  .section .text.__wrap___gxx_personality_v0, "ax", @progbits
  .globl __wrap___gxx_personality_v0
  .type __wrap___gxx_personality_v0, @function
__wrap___gxx_personality_v0:
  jmp __real___gxx_personality_v0
  .size __wrap___gxx_personality_v0, . - __wrap___gxx_personality_v0
  .text
)");
