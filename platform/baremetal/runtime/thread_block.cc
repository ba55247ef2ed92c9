#include "platform/baremetal/runtime/thread_block.h"

#include <cstdlib>
#include <cstring>

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/entropy.h"
#include "platform/baremetal/cpu/machine_backend.h"

// The thread_local segment, from kernel.ld.
extern "C" const char __tdata_start[], __tdata_end[], __tbss_end[];
extern "C" const char __tls_align[];  // an absolute symbol: its address is the value

// musl's `struct __libc`; the locale that setlocale changes is at this offset.
extern "C" [[gnu::visibility("hidden")]] char __libc[];

namespace toro {
namespace runtime {
namespace {

constexpr size_t kBlockAlignBytes = 64;  // what the core promises
constexpr size_t kGlobalLocaleOffset = 56;

size_t SegmentAlignBytes() {
  size_t align = reinterpret_cast<size_t>(__tls_align);
  return align > alignof(ThreadBlock) ? align : alignof(ThreadBlock);
}

size_t SegmentBytes() { return static_cast<size_t>(__tbss_end - __tdata_start); }

// The linker rounds with the segment's own alignment, which may be less than ours.
size_t StartBelowPointerBytes() {
  size_t align = reinterpret_cast<size_t>(__tls_align);
  return align > 1 ? AlignUp(SegmentBytes(), align) : SegmentBytes();
}

// The lowest byte is zero: a string that is too long for its array ends there, and cannot bring a canary that it has
// read somewhere.
uint64_t NewCanary() { return baremetal::NextRandom(baremetal::CurrentCpuBlock()) & ~uint64_t{0xff}; }

}  // namespace

extern "C" {
constinit ThreadBlock early_thread_block{};
}

void StartCanaries() {
  early_thread_block.self = &early_thread_block;
  early_thread_block.canary = NewCanary();
}

void ReplaceEarlyBlock(void* thread_pointer) {
  static_cast<ThreadBlock*>(thread_pointer)->canary = early_thread_block.canary;
  baremetal::SetThreadPointer(reinterpret_cast<uint64_t>(thread_pointer));
}

void* ThreadPointerOf(void* block) {
  uintptr_t pointer = reinterpret_cast<uintptr_t>(block) + StartBelowPointerBytes();
  return reinterpret_cast<void*>(AlignUp(pointer, SegmentAlignBytes()));
}

void RunThreadDestructors() {
  ThreadBlock& self = CurrentThreadBlock();
  while (ThreadDestructor* destructor = self.destructors) {
    self.destructors = destructor->next;
    destructor->function(destructor->object);
    free(destructor);
  }
}

}  // namespace runtime

namespace platform {

size_t ThreadLocalBytes() {
  size_t slack = runtime::SegmentAlignBytes() - runtime::kBlockAlignBytes;
  return AlignUp(runtime::StartBelowPointerBytes(), runtime::SegmentAlignBytes()) + slack +
         sizeof(runtime::ThreadBlock);
}

void InitThreadLocals(void* block) {
  char* pointer = static_cast<char*>(runtime::ThreadPointerOf(block));
  char* start = pointer - runtime::StartBelowPointerBytes();
  auto* thread = reinterpret_cast<runtime::ThreadBlock*>(pointer);
  // A stack whose thread ends and which another one takes over at once, without a switch, has frames that go on.
  bool in_use = thread == &runtime::CurrentThreadBlock();
  uint64_t canary = in_use ? thread->canary : runtime::NewCanary();
  size_t image_bytes = static_cast<size_t>(__tdata_end - __tdata_start);
  memcpy(start, __tdata_start, image_bytes);
  memset(start + image_bytes, 0, static_cast<size_t>(pointer - start) - image_bytes + sizeof(runtime::ThreadBlock));
  thread->self = thread;
  thread->canary = canary;
  thread->locale = __libc + runtime::kGlobalLocaleOffset;
}

void FinishThreadLocals() { runtime::RunThreadDestructors(); }

}  // namespace platform
}  // namespace toro

// [itanium-abi: thread-local destruction]. libstdc++'s own version would register a pthread key.
extern "C" int __cxa_thread_atexit(void (*function)(void*), void* object, void*) noexcept {
  auto* destructor = static_cast<toro::runtime::ThreadDestructor*>(malloc(sizeof(toro::runtime::ThreadDestructor)));
  TORO_CHECK(destructor != nullptr, "no memory to register the destructor of a thread_local variable");
  toro::runtime::ThreadBlock& self = toro::runtime::CurrentThreadBlock();
  *destructor = {function, object, self.destructors};
  self.destructors = destructor;
  return 0;
}
