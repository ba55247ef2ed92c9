// A contract test is an application: it runs in both worlds, prints one line per check, and an END line with the count,
// so that a hang, an early end or a missing check fails as surely as a wrong answer.
#ifndef TESTS_CONTRACT_CONTRACT_H_
#define TESTS_CONTRACT_CONTRACT_H_

#include <cstdio>

namespace contract {

inline int checks = 0;
inline int failures = 0;

// Prints the outcome of one check. CPU 0's threads only.
inline void Check(bool holds, const char* what) {
  ++checks;
  if (!holds) ++failures;
  std::printf("%s: %s\n", holds ? "ok" : "FAILED", what);
}

// The last line; the value that main returns.
inline int End() {
  std::printf("END %d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace contract

#endif  // TESTS_CONTRACT_CONTRACT_H_
