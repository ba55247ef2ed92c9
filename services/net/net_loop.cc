#include "services/net/net_loop.h"

namespace toro::net {

namespace {

// Asked for anew each time: nothing of a CPU is kept over a switch (scheduler.h, I4).
TimerWheel& Timers() { return Scheduler::Current().timers(); }

}  // namespace

void NetLoop::Run() {
  bool is_cancelled = false;
  while (!stopping_ && !is_cancelled) {
    if (stack_.Poll()) {
      Scheduler::FoundWork();
      is_cancelled = Scheduler::Yield();
      continue;
    }
    stack_.port().nic().ArmInterrupt();
    Timers().Stop(wake_);
    Timers().Start(wake_, stack_.NextNs());
    is_cancelled = Scheduler::YieldPolling();
  }
  Timers().Stop(wake_);
}

}  // namespace toro::net
