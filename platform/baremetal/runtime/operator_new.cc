// operator new and delete.
//
// WHY not libstdc++'s: its operator new names __cxa_throw, so the smallest application would carry the unwinder (100
// KB). Here the throwing part is a weak reference, which throw_bad_alloc.cc satisfies in every application that can
// catch.
#include <cstdlib>
#include <new>

#include "core/base/check.h"
#include "core/kernel/allocation.h"

extern "C" [[gnu::weak]] void toro_throw_bad_alloc();

namespace {

template <typename Allocate>
void* AllocateOrThrow(Allocate allocate) {
  for (;;) {
    if (void* object = allocate()) return object;
    if (std::new_handler handler = std::get_new_handler()) {
      handler();
      continue;
    }
    if (toro_throw_bad_alloc != nullptr) toro_throw_bad_alloc();
    TORO_CHECK(false,
               "out of memory in the partition of this CPU, and the application cannot catch std::bad_alloc; "
               "give the machine more memory (--memory=MIB)");
  }
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* object = toro::AllocateBytes(bytes);
  if (__builtin_expect(object != nullptr, 1)) return object;
  return AllocateOrThrow([bytes] { return toro::AllocateBytes(bytes); });
}
void* operator new(std::size_t bytes, std::align_val_t align) {
  return AllocateOrThrow([=] { return toro::AllocateAlignedBytes(bytes, static_cast<std::size_t>(align)); });
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new[](std::size_t bytes, std::align_val_t align) { return operator new(bytes, align); }

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return toro::AllocateBytes(bytes); }
void* operator new(std::size_t bytes, std::align_val_t align, const std::nothrow_t&) noexcept {
  return toro::AllocateAlignedBytes(bytes, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return toro::AllocateBytes(bytes); }
void* operator new[](std::size_t bytes, std::align_val_t align, const std::nothrow_t&) noexcept {
  return toro::AllocateAlignedBytes(bytes, static_cast<std::size_t>(align));
}

void operator delete(void* object) noexcept { toro::FreeBytes(object); }
void operator delete[](void* object) noexcept { toro::FreeBytes(object); }
void operator delete(void* object, std::size_t bytes) noexcept { toro::FreeBytes(object, bytes); }
void operator delete[](void* object, std::size_t bytes) noexcept { toro::FreeBytes(object, bytes); }
void operator delete(void* object, std::align_val_t) noexcept { toro::FreeBytes(object); }
void operator delete[](void* object, std::align_val_t) noexcept { toro::FreeBytes(object); }
void operator delete(void* object, std::size_t, std::align_val_t) noexcept { toro::FreeBytes(object); }
void operator delete[](void* object, std::size_t, std::align_val_t) noexcept { toro::FreeBytes(object); }
void operator delete(void* object, const std::nothrow_t&) noexcept { toro::FreeBytes(object); }
void operator delete[](void* object, const std::nothrow_t&) noexcept { toro::FreeBytes(object); }
void operator delete(void* object, std::align_val_t, const std::nothrow_t&) noexcept { toro::FreeBytes(object); }
void operator delete[](void* object, std::align_val_t, const std::nothrow_t&) noexcept { toro::FreeBytes(object); }
