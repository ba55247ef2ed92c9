// What std::terminate does: names the exception that nobody caught, and stops the kernel with a backtrace.
//
// WHY not libstdc++'s handler: it carries the demangler (60 KB). All references to the exception library are weak, so
// an application that links none of it gets none of it.
#include <cxxabi.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <typeinfo>

#include "core/base/check.h"
#include "core/kernel/cpu_fault.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/x86_64/unwound_frames.h"

namespace toro::runtime {
namespace {

constexpr size_t kTextBytes = 512;

// Text of limited length; what does not fit is cut.
class Text {
 public:
  void Add(const char* text) { Add(text, strlen(text)); }
  void Add(const char* text, size_t bytes) {
    size_t room = kTextBytes - 1 - length_;
    if (bytes > room) bytes = room;
    memcpy(text_ + length_, text, bytes);
    length_ += bytes;
    text_[length_] = 0;
  }
  const char* c_str() const { return text_; }

 private:
  char text_[kTextBytes] = {};
  size_t length_ = 0;
};

// Of the encodings of [itanium-abi 5.1], the ones that exception classes have: St 12runtime_error, N 3net 5Error E.
// What else there is comes as it is encoded.
void AddTypeName(Text& text, const char* name) {
  const char* place = name + (*name == 'N');
  Text readable;
  if (strncmp(place, "St", 2) == 0) {
    readable.Add("std::");
    place += 2;
  }
  for (bool first = true; *place >= '1' && *place <= '9'; first = false) {
    char* part;
    size_t bytes = strtoul(place, &part, 10);
    if (!first) readable.Add("::");
    if (bytes > strlen(part)) break;
    readable.Add(part, bytes);
    place = part + bytes;
  }
  bool understood = *place == 0 || strcmp(place, "E") == 0;
  text.Add(understood ? readable.c_str() : name);
}

}  // namespace
}  // namespace toro::runtime

// The parts of the exception library that an application with exceptions has anyway.
extern "C" [[gnu::weak]] char** toro_weak_get_globals() asm("__cxa_get_globals");
struct _Unwind_Context;
using TraceFunction = int (*)(_Unwind_Context*, void*);
extern "C" [[gnu::weak]] int toro_weak_unwind_backtrace(TraceFunction, void*) asm("_Unwind_Backtrace");
extern "C" [[gnu::weak]] uint64_t toro_weak_get_ip_info(_Unwind_Context*, int*) asm("_Unwind_GetIPInfo");
extern "C" [[gnu::weak]] const char toro_weak_std_exception_type[] asm("_ZTISt9exception");
extern "C" [[gnu::weak]] const char toro_weak_cpu_fault_type[] asm("_ZTIN4toro8CpuFaultE");

namespace {

// Layout of what is thrown [itanium-eh 2.2.1]: a header, which starts with the type, then the object. A copy that an
// exception_ptr throws has another class, and a pointer to the object in place of the type.
constexpr size_t kHeaderBytes = 112;
constexpr size_t kClassOffset = 80;
constexpr uint64_t kThrownByCpp = 0x474e5543432b2b00;        // "GNUCC++", 0
constexpr uint64_t kThrownFromPointer = 0x474e5543432b2b01;  // "GNUCC++", 1

// The exception being handled, or null.
char* CurrentObject() {
  char* header = toro_weak_get_globals != nullptr ? *toro_weak_get_globals() : nullptr;
  if (header == nullptr) return nullptr;
  uint64_t exception_class = *reinterpret_cast<uint64_t*>(header + kClassOffset);
  if (exception_class == kThrownByCpp) return header + kHeaderBytes;
  return exception_class == kThrownFromPointer ? *reinterpret_cast<char**>(header) : nullptr;
}

// `object` as the class that `base` describes, or null when it is none of those.
void* As(const char* base, const std::type_info& type, void* object) {
  auto* wanted = reinterpret_cast<const std::type_info*>(base);
  return wanted != nullptr && wanted->__do_catch(&type, &object, 1) ? object : nullptr;
}

int AddFrame(_Unwind_Context* context, void* frames) {
  constexpr int kGoOn = 0, kStop = 4;  // any value but 0
  int is_instruction = 0;
  uint64_t address = toro_weak_get_ip_info(context, &is_instruction);
  return static_cast<toro::x86_64::UnwoundFrames*>(frames)->Add(address, is_instruction != 0) ? kGoOn : kStop;
}

[[noreturn]] void ReportFault(const toro::FaultRecord& record, const toro::x86_64::UnwoundFrames& unwound) {
  std::span<const uint64_t> frames = unwound.Of(record);
  toro::baremetal::ReportUncaughtFault(record, frames.data(), frames.size());
}

[[noreturn]] void StopOnTerminate() {
  toro::x86_64::UnwoundFrames backtrace;
  if (toro_weak_unwind_backtrace != nullptr) toro_weak_unwind_backtrace(&AddFrame, &backtrace);
  toro::runtime::Text text;
  char* object = CurrentObject();
  if (object == nullptr) {
    text.Add("std::terminate was called without an exception");
  } else {
    const std::type_info& type = **reinterpret_cast<std::type_info**>(object - kHeaderBytes);
    text.Add("nobody caught an exception of type ");
    if (void* fault = As(toro_weak_cpu_fault_type, type, object)) {
      ReportFault(static_cast<toro::CpuFault*>(fault)->record(), backtrace);
    }
    toro::runtime::AddTypeName(text, type.name());
    if (void* exception = As(toro_weak_std_exception_type, type, object)) {
      text.Add(": ");
      text.Add(static_cast<std::exception*>(exception)->what());
    }
  }
  if (backtrace.count == 0) toro::CheckFailed(__FILE__, __LINE__, "std::terminate", text.c_str());
  toro::baremetal::ReportUncaughtException(text.c_str(), backtrace.addresses, backtrace.count);
}

}  // namespace

namespace __cxxabiv1 {
// libstdc++'s variables; being defined here, its own are not linked.
extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = &StopOnTerminate;
}  // namespace __cxxabiv1

namespace __gnu_cxx {
// Named by libstdc++'s pure-virtual and unexpected-exception handlers.
void __verbose_terminate_handler() { StopOnTerminate(); }
}  // namespace __gnu_cxx
