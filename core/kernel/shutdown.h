// What happens when somebody outside asks the machine to stop.
//
// WHO asks: an NMI of CPU 0 on the bare machine (QEMU's monitor: `nmi`; the button of a server's management card);
// SIGTERM or SIGINT of a Linux process; RequestShutdown in either.
//
// WHAT happens: a thread named "shutdown" is started on CPU 0. It runs the hook, which may do what any thread may, and
// then ends the program with kShutdownStatus, as a return from main would. The first request counts. Until a hook is
// set, an NMI is a fatal report, which says where CPU 0 is, and a signal ends the process as it ends any.
//
// A second NMI or signal means that CPU 0 does not get to its loop any more, or that the hook does not end: an NMI is
// then a fatal report, a signal ends the process at once.
#ifndef CORE_KERNEL_SHUTDOWN_H_
#define CORE_KERNEL_SHUTDOWN_H_

namespace toro {

// The exit status after a hook: what a shell reports of a process that SIGTERM ended.
inline constexpr int kShutdownStatus = 143;

using ShutdownHook = void (*)();

// Sets the hook, or with null takes it back. Thread context of any CPU.
void SetShutdownHook(ShutdownHook hook);

// Asks the machine to stop, as if somebody outside had. Without a hook it only ends the program. Thread context of any
// CPU; returns at once.
void RequestShutdown();

// For platforms: somebody outside asks. On CPU 0 only, in any context, an NMI included; the next step of CPU 0 starts
// the thread, so CPU 0 must be woken. False: there is no hook, or this is not the first request.
bool NoteShutdownRequest();

}  // namespace toro

#endif  // CORE_KERNEL_SHUTDOWN_H_
