#include "platform/simulator/thread_checker.h"

#include "platform/simulator/violation.h"

namespace toro::simulator {

using State = ThreadMark::State;

void ThreadChecker::Expect(bool holds, const char* rule, CpuId here, const ThreadMark& mark, const char* what) const {
  static constexpr const char* kStates[] = {"new", "ready", "waiting", "travelling", "ended"};
  if (__builtin_expect(holds, 1)) return;
  Violation(rule, "CPU %zu %s a thread that is %s, on CPU %zu", here.index(), what,
            kStates[static_cast<size_t>(mark.state)], mark.cpu.index());
}

void ThreadChecker::Remove(ThreadMark& mark) {
  HostVector<ThreadMark*>& ready = ready_[mark.cpu.index()];
  ready[mark.place] = ready.back();
  ready[mark.place]->place = mark.place;
  ready.pop_back();
}

void ThreadChecker::Ready(CpuId here, ThreadMark& mark) {
  Expect(mark.state != State::kReady, "ownership", here, mark, "makes ready");
  Expect(mark.state == State::kNew || mark.state == State::kEnded || (mark.state == State::kWaits && mark.cpu == here),
         "affinity", here, mark, "makes ready");
  mark.state = State::kReady;
  mark.cpu = here;
  mark.place = ready_[here.index()].size();
  mark.since = steps_[here.index()];
  ready_[here.index()].push_back(&mark);
}

void ThreadChecker::Runs(CpuId here, ThreadMark& mark) {
  Expect(mark.state == State::kReady && mark.cpu == here, "ownership", here, mark, "runs");
  mark.since = steps_[here.index()];
}

void ThreadChecker::Waits(CpuId here, ThreadMark& mark) {
  Expect(mark.state == State::kReady && mark.cpu == here, "affinity", here, mark, "takes out of its ring");
  Remove(mark);
  mark.state = State::kWaits;
}

void ThreadChecker::Leaves(CpuId here, CpuId to, ThreadMark& mark) {
  Expect(mark.state == State::kWaits && mark.cpu == here, "ownership", here, mark, "sends away");
  mark.state = State::kTravels;
  mark.cpu = to;
}

void ThreadChecker::Arrives(CpuId here, ThreadMark& mark) {
  Expect(mark.state == State::kTravels && mark.cpu == here, "ownership", here, mark, "receives");
  mark.state = State::kWaits;
}

void ThreadChecker::Ends(CpuId here, ThreadMark& mark) {
  Expect(mark.state == State::kWaits && mark.cpu == here, "ownership", here, mark, "ends");
  mark.state = State::kEnded;
}

void ThreadChecker::CheckReady(CpuId cpu) const {
  const HostVector<ThreadMark*>& ready = ready_[cpu.index()];
  const uint64_t most = 4 * ready.size() + kSlack;
  for (const ThreadMark* mark : ready) {
    const uint64_t waits = steps_[cpu.index()] - mark->since;
    if (waits <= most) continue;
    Violation("liveness", "a thread of CPU %zu is ready and has not run for %llu steps of it; %zu are ready",
              cpu.index(), static_cast<unsigned long long>(waits), ready.size());
  }
}

}  // namespace toro::simulator
