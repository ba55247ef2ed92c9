#include "tests/fuzz/dirty_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "core/base/units.h"
#include "tests/fuzz/failures.h"

namespace fuzz {
namespace {

// Outside of what AddressSanitizer takes for itself; a fixed place makes every run alike in every address.
constexpr uintptr_t kPlace = 0x200000000000;
constexpr int kDirt = 0xa5;

}  // namespace

DirtyMemory::DirtyMemory(size_t bytes) : bytes_(bytes), file_(memfd_create("dirty", 0)) {
  std::vector<char> dirt(bytes, static_cast<char>(kDirt));
  if (file_ < 0 || write(file_, dirt.data(), bytes) != static_cast<ssize_t>(bytes))
    Fail("no memory for the simulation");
  void* reserved = mmap(reinterpret_cast<void*>(kPlace), bytes + toro::kLargePageBytes, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) Fail("no addresses for the simulation");
  begin_ = toro::AlignUp(reinterpret_cast<uintptr_t>(reserved), toro::kLargePageBytes);
  Reset();
}

void DirtyMemory::Reset() {
  void* mapped =
      mmap(reinterpret_cast<void*>(begin_), bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file_, 0);
  if (mapped == MAP_FAILED) Fail("no memory for the simulation");
}

}  // namespace fuzz
