// NetLoop: the thread that works for a stack, on the CPU that owns it.
//
// WHY a thread that polls. Under load it takes burst after burst, and the NIC is silent. When it finds nothing, it arms
// the NIC's interrupt and waits in YieldPolling: it has its next turn after anything that happened on this CPU, an
// interrupt, a timer, or a thread that may have written to a socket; and the CPU may sleep [docs/power.md].
#ifndef SERVICES_NET_NET_LOOP_H_
#define SERVICES_NET_NET_LOOP_H_

#include "core/sched/scheduler.h"
#include "core/sched/timer_wheel.h"
#include "services/net/stack.h"

namespace toro::net {

class NetLoop {
 public:
  explicit NetLoop(NetStack& stack) : stack_(stack) {
    wake_.fire = [](Timer&) {};
  }

  // Works until Stop, or until the thread is cancelled. Thread context, on the CPU of the stack.
  void Run();
  // Any context of that CPU.
  void Stop() { stopping_ = true; }

 private:
  NetStack& stack_;
  Timer wake_;  // when the stack has something to do though nothing comes
  bool stopping_ = false;
};

}  // namespace toro::net

#endif  // SERVICES_NET_NET_LOOP_H_
