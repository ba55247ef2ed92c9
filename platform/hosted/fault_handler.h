// Turns the signals of CPU faults into C++ exceptions of the thread that faulted (core/kernel/cpu_fault.h), or into the
// same reports that the bare machine gives.
//
// WHICH stack. The handler runs on a stack of its own (UseFaultStack). A fault in a thread returns from the signal into
// platform/x86_64/fault_trampoline.S, so nothing of the handler is left when the exception is thrown.
#ifndef PLATFORM_HOSTED_FAULT_HANDLER_H_
#define PLATFORM_HOSTED_FAULT_HANDLER_H_

#include <cstddef>
#include <cstdint>

namespace toro {
struct FaultRecord;
}

namespace toro::hosted {

// Installs the handlers of SIGSEGV, SIGBUS, SIGFPE and SIGILL. Once per process.
void InstallFaultHandlers();

// Gives this pthread the stack for them.
void UseFaultStack();

// Makes std::terminate write the report of the exception that nobody caught. Once per process.
void InstallTerminateHandler();

// The report of a fault that nobody caught, with the addresses of the code that led to it.
[[noreturn]] void ReportUncaughtFault(const FaultRecord& record, const uint64_t* frames, size_t count);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_FAULT_HANDLER_H_
