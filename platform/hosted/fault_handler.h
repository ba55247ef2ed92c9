// Turns the signals of CPU faults into the same reports that the bare machine gives.
#ifndef PLATFORM_HOSTED_FAULT_HANDLER_H_
#define PLATFORM_HOSTED_FAULT_HANDLER_H_

namespace toro::hosted {

// Installs the handlers of SIGSEGV, SIGBUS, SIGFPE and SIGILL. Once per process.
void InstallFaultHandlers();

// Gives this pthread a stack on which to report a stack overflow.
void UseFaultStack();

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_FAULT_HANDLER_H_
