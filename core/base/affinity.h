// Affinity: "only its own CPU touches this", for the compiler to hold.
//
// WHY. Everything that one CPU can do to another's things begins with a reference to the other's Cpu. So the Cpu is a
// capability of Clang's thread-safety analysis: its parts are reached only by code that holds it, and code holds it
// because it is a handler that was called with its own Cpu, because it asked for Cpu::Current(), or because it says so
// (Cpu::AssertHere, one line that a review can find). //tools/checks:clang_tidy is the job; tests/compile_fail shows
// what it rejects. Other compilers see nothing, and no instruction depends on it.
//
// LIMITS. The analysis looks at one function at a time and knows no aliases: a reference to a part, once there, may be
// sent anywhere, and a call by pointer is not checked against what the function requires.
#ifndef CORE_BASE_AFFINITY_H_
#define CORE_BASE_AFFINITY_H_

#if defined(__clang__)
#define TORO_AFFINITY_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define TORO_AFFINITY_ATTRIBUTE(attribute)
#endif

// A class whose objects are capabilities: `name` is what diagnostics call them.
#define TORO_CAPABILITY(name) TORO_AFFINITY_ATTRIBUTE(capability(name))
// A member that only code which holds `owner` touches.
#define TORO_OWNED_BY(owner) TORO_AFFINITY_ATTRIBUTE(guarded_by(owner))
// A function that is called on `owner` only, for instance a handler of messages.
#define TORO_ON(owner) TORO_AFFINITY_ATTRIBUTE(requires_capability(owner))
// A function after which the caller counts as holding `owner`.
#define TORO_ASSERTS_ON(owner) TORO_AFFINITY_ATTRIBUTE(assert_capability(owner))
// A function that the analysis leaves out; say why.
#define TORO_NO_AFFINITY TORO_AFFINITY_ATTRIBUTE(no_thread_safety_analysis)

#endif  // CORE_BASE_AFFINITY_H_
