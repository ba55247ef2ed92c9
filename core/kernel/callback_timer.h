// CallbackTimer: calls a function at a time, once or again and again, without a thread that waits.
//
// INVARIANTS
//   I1. The function runs in message context on the CPU that started the timer, never before its time, and at most 17
//       microseconds and the delay of that CPU's next step after it. It must be brief and must not wait.
//   I2. Of a periodic timer each call stands on the grid of its first deadline: being late does not add up. Calls whose
//       whole period has passed are left out and counted.
//   I3. One CPU: who starts it, stops it. Another CPU that tries is stopped with a message.
//
// COST. Start and Stop are O(1), whatever the number of pending timers (timer_wheel.h); a timer that is not due costs
// nothing, and a CPU that sleeps is woken for the nearest one only.
#ifndef CORE_KERNEL_CALLBACK_TIMER_H_
#define CORE_KERNEL_CALLBACK_TIMER_H_

#include <cstdint>

#include "core/base/check.h"
#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/machine/machine.h"
#include "core/sched/scheduler.h"

namespace toro {

class CallbackTimer : private Timer {
 public:
  // `function(argument)` is what the timer calls. It may start and stop this timer and others.
  CallbackTimer(void (*function)(void*), void* argument) : function_(function), argument_(argument) { fire = &Fire; }
  CallbackTimer(const CallbackTimer&) = delete;
  CallbackTimer& operator=(const CallbackTimer&) = delete;
  ~CallbackTimer() { Stop(); }

  // Calls once when NowNs() reaches `deadline_ns`; at once if it has. The timer must be stopped. Any context.
  void StartAt(uint64_t deadline_ns) { Begin(deadline_ns, 0); }

  // Calls `period_ns` from now, and every `period_ns` from then on, until Stop. At least a microsecond. Any context.
  void StartEvery(uint64_t period_ns) {
    TORO_CHECK(period_ns >= kNsPerUs, "a periodic timer needs a period of a microsecond or more");
    uint64_t now_ns = Machine::NowNs();
    TORO_CHECK(period_ns < kNever - now_ns, "the period of a timer is longer than the clock goes");
    Begin(now_ns + period_ns, period_ns);
  }

  // No call begins after it. No effect on a stopped timer. Any context of the CPU that started it.
  void Stop() {
    period_ns_ = 0;
    if (!linked()) return;
    CheckOwner();
    Scheduler::Current().timers().Stop(*this);
  }

  bool pending() const { return linked(); }

  // Calls of a periodic timer that were left out because the CPU did not step for more than a period.
  uint64_t missed() const { return missed_; }

 private:
  void CheckOwner() const {
    TORO_CHECK(owner_ == Scheduler::Current().id(), "a timer belongs to the CPU that started it; Call that CPU");
  }

  void Begin(uint64_t deadline_ns, uint64_t period_ns) {
    TORO_CHECK(!linked(), "started a timer that is pending; stop it first");
    owner_ = Scheduler::Current().id();
    deadline_ns_ = deadline_ns;
    period_ns_ = period_ns;
    Scheduler::Current().timers().Start(*this, deadline_ns);
  }

  static void Fire(Timer& timer) {
    auto& self = static_cast<CallbackTimer&>(timer);
    if (self.period_ns_ != 0) {
      uint64_t late_periods = (Machine::NowNs() - self.deadline_ns_) / self.period_ns_;
      self.missed_ += late_periods;
      self.deadline_ns_ += (late_periods + 1) * self.period_ns_;
      Scheduler::Current().timers().Start(self, self.deadline_ns_);
    }
    self.function_(self.argument_);  // last: it may end the life of the timer
  }

  void (*function_)(void*);
  void* argument_;
  uint64_t deadline_ns_ = 0;
  uint64_t period_ns_ = 0;  // 0: once
  uint64_t missed_ = 0;
  CpuId owner_;
};

}  // namespace toro

#endif  // CORE_KERNEL_CALLBACK_TIMER_H_
