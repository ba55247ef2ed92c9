// What std::terminate does in a process: the report of the exception that nobody caught.
#include <cxxabi.h>
#include <unwind.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "core/kernel/cpu_fault.h"
#include "platform/hosted/executor.h"
#include "platform/hosted/fault_handler.h"

namespace toro::hosted {
namespace {

constexpr int kTerminatedStatus = 134;  // what a shell reports of abort()

// The addresses that led here, as the unwinder sees them: the distribution's libraries keep no frame pointers.
struct Backtrace {
  static constexpr size_t kMost = 48;
  uint64_t addresses[kMost];
  size_t count = 0;

  static _Unwind_Reason_Code Add(_Unwind_Context* context, void* argument) {
    auto& self = *static_cast<Backtrace*>(argument);
    int is_instruction = 0;
    uint64_t address = _Unwind_GetIPInfo(context, &is_instruction);
    if (address == 0 || self.count == kMost) return _URC_END_OF_STACK;
    self.addresses[self.count++] = is_instruction != 0 ? address : address - 1;
    return _URC_NO_REASON;
  }
};

// Uncaught, a fault leaves its frames in place unless some of them were unwound to a function that is noexcept. Then
// what the handler recorded is all that there is.
[[noreturn]] void ReportFault(const FaultRecord& record, const Backtrace& backtrace) {
  for (size_t i = 0; i < backtrace.count; ++i) {
    if (backtrace.addresses[i] != record.unwind_instruction) continue;
    ReportUncaughtFault(record, backtrace.addresses + i, backtrace.count - i);
  }
  ReportUncaughtFault(record, record.frames, record.frame_count);
}

void AddName(const std::type_info& type) {
  int status = 0;
  char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  ReportText(name != nullptr ? name : type.name());
  std::free(name);
}

[[noreturn]] void StopOnTerminate() {
  Backtrace backtrace;
  _Unwind_Backtrace(&Backtrace::Add, &backtrace);
  const std::type_info* type = abi::__cxa_current_exception_type();
  const char* what = nullptr;
  if (type != nullptr) {
    try {
      throw;
    } catch (const CpuFault& fault) {
      ReportFault(fault.record(), backtrace);
    } catch (const std::exception& exception) {
      what = exception.what();
    } catch (...) {
    }
  }
  BeginReport(kTerminatedStatus);
  ReportText("toro: fatal: ");
  if (type == nullptr) {
    ReportText("std::terminate was called without an exception");
  } else {
    ReportText("nobody caught an exception of type ");
    AddName(*type);
    if (what != nullptr) {
      ReportText(": ");
      ReportText(what);
    }
  }
  ReportText("\n");
  ReportWhere("");
  ReportFrames(backtrace.addresses, backtrace.count);
  EndReport(kTerminatedStatus);
}

}  // namespace

void InstallTerminateHandler() { std::set_terminate(&StopOnTerminate); }

}  // namespace toro::hosted
