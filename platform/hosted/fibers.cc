// The parts of the hot lane that are too rare or too large to inline, and what sanitizers must be told about stacks.
#include <pthread.h>

#include "machine_backend.h"
#include "platform/hosted/executor.h"

#ifdef TORO_SANITIZED_FIBERS
#include <sanitizer/common_interface_defs.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif
#endif

namespace abi_globals {
// The C++ runtime's record of exceptions in flight on this pthread [itanium-eh 2.2.2].
extern "C" toro::hosted::ExceptionGlobals* __cxa_get_globals();
}  // namespace abi_globals

namespace toro {
namespace hosted {

thread_local void* current_cpu_anchor = nullptr;
thread_local ExceptionGlobals* exception_globals = nullptr;

void AdoptPthread() { exception_globals = abi_globals::__cxa_get_globals(); }

void RelaxSlowly() { CurrentExecutor().Relax(); }

uint64_t ReadClock() { return CurrentExecutor().NowNs(); }

#ifdef TORO_SANITIZED_FIBERS

namespace {
thread_local FiberState* arriving = nullptr;
}  // namespace

void PrepareFiber(FiberState& fiber, const void* stack_low, size_t stack_bytes) {
  fiber.stack_low = stack_low;
  fiber.stack_bytes = stack_bytes;
  fiber.fake_stack = nullptr;
#ifdef __SANITIZE_THREAD__
  if (fiber.thread_fiber == nullptr) fiber.thread_fiber = __tsan_create_fiber(0);
#endif
}

void AdoptFiber(FiberState& fiber) {
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  void* low = nullptr;
  pthread_attr_getstack(&attributes, &low, &fiber.stack_bytes);
  pthread_attr_destroy(&attributes);
  fiber.stack_low = low;
#ifdef __SANITIZE_THREAD__
  fiber.thread_fiber = __tsan_get_current_fiber();
#endif
}

void BeforeFiberSwitch(FiberState& from, FiberState& to, bool leaving) {
  arriving = &to;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(leaving ? nullptr : &from.fake_stack, to.stack_low, to.stack_bytes);
#endif
#ifdef __SANITIZE_THREAD__
  // No synchronisation is implied: a race between two threads of one CPU is ordered by program order of that CPU.
  __tsan_switch_to_fiber(to.thread_fiber, 0);
#endif
}

void AfterFiberSwitch(FiberState& self) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(self.fake_stack, nullptr, nullptr);
#endif
}

void FiberEntry() {
  FiberState* self = arriving;
  AfterFiberSwitch(*self);
  self->entry();
}

#endif  // TORO_SANITIZED_FIBERS

}  // namespace hosted

void Backend::SetCurrentCpuAnchor(void* anchor) {
  hosted::current_cpu_anchor = anchor;
  if (hosted::exception_globals == nullptr) hosted::AdoptPthread();
}

void Backend::PrepareContext(Context& context, void (*entry)(), void* stack_low, void* stack_top, void*) {
  context.exceptions = {};
#ifdef TORO_SANITIZED_FIBERS
  context.fiber.entry = entry;
  hosted::PrepareFiber(context.fiber, stack_low,
                       static_cast<size_t>(static_cast<char*>(stack_top) - static_cast<char*>(stack_low)));
  context.stack = x86_64::PrepareStackContext(stack_top, &hosted::FiberEntry);
#else
  context.stack = x86_64::PrepareStackContext(stack_top, entry);
#endif
}

void Backend::ReleaseContext(Context& context) {
#ifdef __SANITIZE_THREAD__
  if (context.fiber.thread_fiber != nullptr) __tsan_destroy_fiber(context.fiber.thread_fiber);
#endif
}

void Backend::AdoptContext(Context& context) {
#ifdef TORO_SANITIZED_FIBERS
  hosted::AdoptFiber(context.fiber);
#endif
}

}  // namespace toro
