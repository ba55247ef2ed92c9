// proof: one search, judged by googletest, and one row of the tables in docs/memory_model.md.
#ifndef TESTS_MODELS_PROOF_H_
#define TESTS_MODELS_PROOF_H_

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "tests/models/checker.h"

namespace toro::model {

using Setup = std::function<void(Model&)>;

// Every execution must be correct.
inline void Prove(const char* protocol, const char* configuration, MemoryModel memory, const Setup& setup) {
  Report report = Explore(memory, setup);
  std::printf("| %s | %s | %s | %llu | %llu | %s |\n", protocol, configuration, ModelName(memory),
              static_cast<unsigned long long>(report.states), static_cast<unsigned long long>(report.executions),
              VerdictText(report.verdict));
  EXPECT_TRUE(report.holds()) << report.message << "\n" << report.counterexample;
}

inline void ProveEverywhere(const char* protocol, const char* configuration, const Setup& setup) {
  for (MemoryModel memory : {MemoryModel::kSc, MemoryModel::kTso, MemoryModel::kCpp}) {
    Prove(protocol, configuration, memory, setup);
  }
}

// A twin with one line broken: the checker must find an execution that fails in the expected way.
inline void Refute(const char* twin, const char* broken, MemoryModel memory, Verdict expected, const Setup& setup) {
  Report report = Explore(memory, setup);
  std::printf("| %s | %s | %s | %llu | %llu | %s: %s |\n", twin, broken, ModelName(memory),
              static_cast<unsigned long long>(report.states), static_cast<unsigned long long>(report.executions),
              VerdictText(report.verdict), report.message.c_str());
  EXPECT_EQ(report.verdict, expected) << VerdictText(report.verdict) << ": " << report.message << "\n"
                                      << report.counterexample;
  if (std::getenv("TORO_SHOW_COUNTEREXAMPLES") != nullptr) std::printf("%s\n", report.counterexample.c_str());
}

}  // namespace toro::model

#endif  // TESTS_MODELS_PROOF_H_
