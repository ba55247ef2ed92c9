// The checkers of a simulated run. They are apart from the code that they check, and are told only what happens at its
// outer ends.
#ifndef PLATFORM_SIMULATOR_CHECKERS_H_
#define PLATFORM_SIMULATOR_CHECKERS_H_

#include "platform/simulator/memory_checker.h"
#include "platform/simulator/message_checker.h"
#include "platform/simulator/thread_checker.h"

namespace toro::simulator {

struct Checkers {
  MessageChecker messages;
  ThreadChecker threads;
  MemoryChecker memory;
};

// Of this process.
extern Checkers checkers;

}  // namespace toro::simulator

#endif  // PLATFORM_SIMULATOR_CHECKERS_H_
