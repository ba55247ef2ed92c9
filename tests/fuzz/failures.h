// Failures: what a fuzz program does when a check of the product fails, and the faults that it injects.
//
// WHY by the linker (--wrap): the product stays as it is. A failed TORO_CHECK ends a process by _exit, which a fuzzer
// does not notice: here it becomes an abort, so that the fuzzer keeps the input. And where a misuse was made on
// purpose, the check must fail, and the program goes on.
#ifndef TESTS_FUZZ_FAILURES_H_
#define TESTS_FUZZ_FAILURES_H_

#include <csetjmp>
#include <cstdint>

namespace fuzz {

// Runs misuse(context), which must fail a check. Returns the check's message; ends the program if none failed.
const char* MessageOfMisuse(void (*misuse)(void* context), void* context);

// Ends the program by abort(), after a line that says what is wrong.
[[noreturn, gnu::format(printf, 1, 2)]] void Fail(const char* format, ...);

// Called before abort(), to say how to repeat what happened. May be null.
extern void (*explain_failure)();

// Begins a run: no page run is refused, and a planted bug has not been met yet.
void BeginRun();

// The `n`-th page run asked for from now on is refused, as if memory were exhausted; 0: none.
void RefusePageRun(uint64_t n);

// How many were refused so far.
uint64_t RefusedPageRuns();

}  // namespace fuzz

#endif  // TESTS_FUZZ_FAILURES_H_
