#include "core/kernel/shutdown.h"

#include "core/kernel/cpu.h"
#include "core/kernel/shutdown_state.h"
#include "core/machine/platform_services.h"
#include "core/sched/call.h"

namespace toro {

ShutdownState shutdown_state;

namespace {

void RunShutdown(void*) {
  if (shutdown_state.hook != nullptr) shutdown_state.hook();
  platform::Exit(kShutdownStatus);
}

void AskOnBootCpu() {
  if (shutdown_state.asked) return;
  shutdown_state.asked = true;
  shutdown_state.start = true;
}

}  // namespace

void SetShutdownHook(ShutdownHook hook) {
  CallOn(kBootCpu, [hook] {
    shutdown_state.hook = hook;
    platform::ListenForShutdown(hook != nullptr);
  });
}

void RequestShutdown() { CallOn(kBootCpu, &AskOnBootCpu); }

bool NoteShutdownRequest() {
  if (shutdown_state.hook == nullptr || shutdown_state.asked) return false;
  AskOnBootCpu();
  return true;
}

void StartShutdown(Cpu& boot_cpu) {
  shutdown_state.start = false;
  boot_cpu.scheduler().trace().AddStamped(TraceEvent::kShutdown);
  ThreadBody body;
  body.run = &RunShutdown;
  ThreadOptions options;
  options.name = "shutdown";
  if (!boot_cpu.scheduler().Create(body, options).ok()) platform::PowerOff(kShutdownStatus);
}

}  // namespace toro
