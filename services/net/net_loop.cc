#include "services/net/net_loop.h"

namespace toro::net {

void NetLoop::Run() {
  TimerWheel& timers = Scheduler::Current().timers();
  bool is_cancelled = false;
  while (!stopping_ && !is_cancelled) {
    if (stack_.Poll()) {
      Scheduler::FoundWork();
      is_cancelled = Scheduler::Yield();
      continue;
    }
    stack_.port().nic().ArmInterrupt();
    timers.Stop(wake_);
    timers.Start(wake_, stack_.NextNs());
    is_cancelled = Scheduler::YieldPolling();
  }
  timers.Stop(wake_);
}

}  // namespace toro::net
