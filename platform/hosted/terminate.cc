// What std::terminate does in a process: the report of the exception that nobody caught.
#include <cxxabi.h>
#include <unwind.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "core/kernel/cpu_fault.h"
#include "platform/hosted/executor.h"
#include "platform/hosted/fault_handler.h"
#include "platform/x86_64/unwound_frames.h"

namespace toro::hosted {
namespace {

constexpr int kTerminatedStatus = 134;  // what a shell reports of abort()

_Unwind_Reason_Code AddFrame(_Unwind_Context* context, void* frames) {
  int is_instruction = 0;
  uint64_t address = _Unwind_GetIPInfo(context, &is_instruction);
  bool more = static_cast<x86_64::UnwoundFrames*>(frames)->Add(address, is_instruction != 0);
  return more ? _URC_NO_REASON : _URC_END_OF_STACK;
}

[[noreturn]] void ReportFault(const FaultRecord& record, const x86_64::UnwoundFrames& unwound) {
  std::span<const uint64_t> frames = unwound.Of(record);
  ReportUncaughtFault(record, frames.data(), frames.size());
}

void AddName(const std::type_info& type) {
  int status = 0;
  char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  ReportText(name != nullptr ? name : type.name());
  std::free(name);
}

[[noreturn]] void StopOnTerminate() {
  x86_64::UnwoundFrames backtrace;
  _Unwind_Backtrace(&AddFrame, &backtrace);
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
