// CountInstructions: how many instructions a function executes, for tests: time says nothing about the worst case.
//
// WHY the trap flag. The processor traps after each instruction, so the count is exact and the same on every run, and
// no performance counter is needed, which a virtual machine may not have.
#ifndef CORE_BASE_INSTRUCTION_COUNT_TEST_H_
#define CORE_BASE_INSTRUCTION_COUNT_TEST_H_

#include <signal.h>

#include <cstdint>

namespace toro {

class InstructionCounter {
 public:
  // Takes SIGTRAP over.
  InstructionCounter() {
    struct sigaction action = {};
    action.sa_handler = &CountOne;
    sigaction(SIGTRAP, &action, nullptr);
    nothing_ = Raw([] {});
  }

  // Of `function` and its call.
  template <typename Function>
  int64_t Count(Function function) const {
    return Raw(function) - nothing_;
  }

 private:
  static void CountOne(int) { instructions_ = instructions_ + 1; }

  // The flags register: bit 8 makes the processor trap after each instruction [sdm3 17.3.1.4].
  template <typename Function>
  static int64_t Raw(Function function) {
    instructions_ = 0;
    asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    function();
    asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
    return instructions_;
  }

  static inline volatile int64_t instructions_ = 0;
  int64_t nothing_ = 0;
};

}  // namespace toro

#endif  // CORE_BASE_INSTRUCTION_COUNT_TEST_H_
