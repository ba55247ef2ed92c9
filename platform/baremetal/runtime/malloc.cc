// malloc and its kin, on the partition of the calling CPU.
//
// WHY here, and not in each caller: the C library's own allocator asks the system for memory; ours is
// core/kernel/allocation.h. An object belongs for ever to the CPU that allocated it; any CPU may free it.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/units.h"
#include "core/kernel/allocation.h"

namespace {

void* OrOutOfMemory(void* object) {
  if (object == nullptr) errno = ENOMEM;
  return object;
}

bool IsPowerOfTwo(size_t value) { return value != 0 && (value & (value - 1)) == 0; }

}  // namespace

extern "C" {

void* malloc(size_t bytes) { return OrOutOfMemory(toro::AllocateBytes(bytes)); }

void free(void* object) { toro::FreeBytes(object); }

void* calloc(size_t count, size_t bytes) {
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) return OrOutOfMemory(nullptr);
  void* object = malloc(total);
  if (object != nullptr) memset(object, 0, total);
  return object;
}

void* realloc(void* object, size_t bytes) {
  if (object == nullptr) return malloc(bytes);
  size_t usable = toro::UsableBytes(object);
  // Shrinking in place keeps at most half of the object unused.
  if (bytes <= usable && bytes >= usable / 2) return object;
  void* moved = malloc(bytes);
  if (moved == nullptr) return bytes <= usable ? object : nullptr;
  memcpy(moved, object, bytes < usable ? bytes : usable);
  free(object);
  return moved;
}

void* aligned_alloc(size_t align_bytes, size_t bytes) {
  if (!IsPowerOfTwo(align_bytes)) {
    errno = EINVAL;
    return nullptr;
  }
  return OrOutOfMemory(toro::AllocateAlignedBytes(bytes, align_bytes));
}

void* memalign(size_t align_bytes, size_t bytes) { return aligned_alloc(align_bytes, bytes); }

int posix_memalign(void** object, size_t align_bytes, size_t bytes) {
  if (!IsPowerOfTwo(align_bytes) || align_bytes < sizeof(void*)) return EINVAL;
  void* allocated = toro::AllocateAlignedBytes(bytes, align_bytes);
  if (allocated == nullptr) return ENOMEM;
  *object = allocated;
  return 0;
}

void* valloc(size_t bytes) { return aligned_alloc(4096, bytes); }

size_t malloc_usable_size(void* object) { return object == nullptr ? 0 : toro::UsableBytes(object); }

// The names by which musl's own functions allocate.
void* __libc_malloc(size_t bytes) { return malloc(bytes); }
void __libc_free(void* object) { free(object); }
void* __libc_calloc(size_t count, size_t bytes) { return calloc(count, bytes); }
void* __libc_realloc(void* object, size_t bytes) { return realloc(object, bytes); }

}  // extern "C"
