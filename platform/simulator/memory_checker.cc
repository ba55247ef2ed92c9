#include "platform/simulator/memory_checker.h"

#include <algorithm>
#include <cstdlib>

#include "platform/simulator/store_buffers.h"
#include "platform/simulator/violation.h"

namespace toro::simulator {

void MemoryChecker::Begin(uintptr_t begin, size_t bytes) {
  begin_ = begin;
  bytes_ = bytes;
  live_ = static_cast<uint64_t*>(std::calloc(bytes / kGranuleBytes / 64 + 1, sizeof(uint64_t)));
  if (live_ == nullptr) std::abort();
}

template <typename Change>
void MemoryChecker::ForEachWord(const void* object, size_t bytes, Change change) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(object) - begin_;
  if (offset >= bytes_) Violation("ownership", "object %p lies in no partition", object);
  size_t first = offset / kGranuleBytes;
  size_t count = (bytes + kGranuleBytes - 1) / kGranuleBytes;
  while (count > 0) {
    const size_t at = first % 64;
    const size_t here = std::min(count, 64 - at);
    const uint64_t bits = (here == 64 ? ~uint64_t{0} : (uint64_t{1} << here) - 1) << at;
    change(live_[first / 64], bits);
    first += here;
    count -= here;
  }
}

void MemoryChecker::CheckOwner(CpuId owner, const char* what, const void* object) const {
  const CpuId here = store_buffers.running();
  if (__builtin_expect(here == owner || here.index() >= kMaxCpus, 1)) return;
  Violation("affinity", "CPU %zu %s %p in the partition of CPU %zu", here.index(), what, object, owner.index());
}

void MemoryChecker::Allocated(CpuId owner, const void* object, size_t bytes) {
  if (live_ == nullptr) return;
  CheckOwner(owner, "allocates", object);
  used_bytes_[owner.index()] += bytes;
  ForEachWord(object, bytes, [&](uint64_t& word, uint64_t bits) {
    if ((word & bits) != 0) Violation("ownership", "object %p, %zu bytes: part of it is in use already", object, bytes);
    word |= bits;
  });
}

void MemoryChecker::Freed(CpuId owner, const void* object, size_t bytes) {
  if (live_ == nullptr) return;
  CheckOwner(owner, "frees", object);
  used_bytes_[owner.index()] -= bytes;
  ForEachWord(object, bytes, [&](uint64_t& word, uint64_t bits) {
    if ((word & bits) != bits)
      Violation("ownership", "%p is freed, %zu bytes: part of it is not in use", object, bytes);
    word &= ~bits;
  });
}

void MemoryChecker::CheckBalance(CpuId owner, size_t used_bytes) const {
  if (used_bytes == used_bytes_[owner.index()]) return;
  Violation("balance", "CPU %zu says that %zu bytes are in use; handed out are %zu", owner.index(), used_bytes,
            used_bytes_[owner.index()]);
}

}  // namespace toro::simulator
