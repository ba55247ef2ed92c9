// operator new and delete of the hosted world: on a CPU from its partition, as on the bare machine; on any other
// pthread, and before there is a cluster, from the C library. Not linked into sanitizer builds, whose own allocator
// finds more.
#include <cstdlib>
#include <new>

#include "core/kernel/allocation.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/machine/simulation.h"

namespace {

bool OnCpu() { return toro::Scheduler::CurrentOrNull() != nullptr; }

// The simulator's: of a thread, for what message context throws nobody catches.
bool Fails() {
  return toro::Simulation::kOn && toro::Scheduler::Current().MayBlock() &&
         toro::Simulation::Fails(toro::FaultPoint::kOutOfMemory);
}

void* AllocateOrNull(std::size_t bytes, std::size_t align_bytes) {
  if (OnCpu()) return Fails() ? nullptr : toro::AllocateAlignedBytes(bytes, align_bytes);
  if (align_bytes <= alignof(std::max_align_t)) return std::malloc(bytes == 0 ? 1 : bytes);
  return std::aligned_alloc(align_bytes, toro::AlignUp(bytes == 0 ? 1 : bytes, align_bytes));
}

void* AllocateOrThrow(std::size_t bytes, std::size_t align_bytes) {
  void* object = AllocateOrNull(bytes, align_bytes);
  if (object == nullptr) throw std::bad_alloc();
  return object;
}

void* AllocatePlain(std::size_t bytes) {
  if (toro::Scheduler* here = toro::Scheduler::CurrentOrNull()) {
    if (Fails()) throw std::bad_alloc();
    void* object = here->partition().Allocate(bytes);
    if (__builtin_expect(object != nullptr, 1)) return object;
  }
  return AllocateOrThrow(bytes, alignof(std::max_align_t));
}

void ReleaseAnywhere(void* object) {
  if (OnCpu() && toro::InPartition(object)) {
    toro::FreeAnywhere(object);
  } else {
    std::free(object);
  }
}

void Release(void* object) {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (__builtin_expect(here == nullptr || !here->partition().FreeIfSmall(object), 0)) ReleaseAnywhere(object);
}

void Release(void* object, std::size_t bytes) {
  toro::Scheduler* here = toro::Scheduler::CurrentOrNull();
  if (__builtin_expect(here == nullptr || !here->partition().FreeIfSmallSized(object, bytes), 0)) {
    ReleaseAnywhere(object);
  }
}

constexpr std::size_t kPlain = 16;

}  // namespace

void* operator new(std::size_t bytes) { return AllocatePlain(bytes); }
void* operator new[](std::size_t bytes) { return AllocatePlain(bytes); }
void* operator new(std::size_t bytes, std::align_val_t align) { return AllocateOrThrow(bytes, std::size_t(align)); }
void* operator new[](std::size_t bytes, std::align_val_t align) { return AllocateOrThrow(bytes, std::size_t(align)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return AllocateOrNull(bytes, kPlain); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return AllocateOrNull(bytes, kPlain); }
void* operator new(std::size_t bytes, std::align_val_t align, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, std::size_t(align));
}
void* operator new[](std::size_t bytes, std::align_val_t align, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, std::size_t(align));
}
void operator delete(void* object) noexcept { Release(object); }
void operator delete[](void* object) noexcept { Release(object); }
void operator delete(void* object, std::size_t bytes) noexcept { Release(object, bytes); }
void operator delete[](void* object, std::size_t bytes) noexcept { Release(object, bytes); }
void operator delete(void* object, std::align_val_t) noexcept { Release(object); }
void operator delete[](void* object, std::align_val_t) noexcept { Release(object); }
void operator delete(void* object, std::size_t, std::align_val_t) noexcept { Release(object); }
void operator delete[](void* object, std::size_t, std::align_val_t) noexcept { Release(object); }
void operator delete(void* object, const std::nothrow_t&) noexcept { Release(object); }
void operator delete[](void* object, const std::nothrow_t&) noexcept { Release(object); }
void operator delete(void* object, std::align_val_t, const std::nothrow_t&) noexcept { Release(object); }
void operator delete[](void* object, std::align_val_t, const std::nothrow_t&) noexcept { Release(object); }
