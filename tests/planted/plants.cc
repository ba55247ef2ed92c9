// Planted bugs: TORO_PLANT names what goes wrong in a program of the hosted world that is linked with this. Without it
// the program is as it was. The functions are wrapped by the linker (BUILD.bazel).
#include <cstdlib>
#include <cstring>

#include "core/kernel/return_path.h"
#include "core/machine/platform_services.h"
#include "core/memory/arena.h"
#include "core/memory/partition.h"

namespace {

bool Planted(const char* bug) {
  static const char* const planted = std::getenv("TORO_PLANT");
  return planted != nullptr && std::strcmp(planted, bug) == 0;
}

}  // namespace

extern "C" {

// upper-guard: the guard page above a stack, or a large run, is left out. Guards are made in pairs, the lower one first
// (guard_pages.h).
bool __real__ZN4toro8platform12SetGuardPageEPvb(void* page, bool guard);
bool __wrap__ZN4toro8platform12SetGuardPageEPvb(void* page, bool guard) {
  static thread_local unsigned guards = 0;
  if (guard && ++guards % 2 == 0 && Planted("upper-guard")) return true;
  return __real__ZN4toro8platform12SetGuardPageEPvb(page, guard);
}

// lost-free: of the objects that go home to another CPU, one of a thousand does not. lost-waiting: nor do those that
// had to wait for room in the channel.
void __real__ZN4toro15BasicReturnPathINS_14ProductReturnsEE4GiveENS_5CpuIdEPv(toro::ReturnPath* path, toro::CpuId owner,
                                                                              void* object);
void __wrap__ZN4toro15BasicReturnPathINS_14ProductReturnsEE4GiveENS_5CpuIdEPv(toro::ReturnPath* path, toro::CpuId owner,
                                                                              void* object) {
  static thread_local unsigned objects = 0;
  if (++objects % 1000 == 0 && Planted("lost-free")) return;
  __real__ZN4toro15BasicReturnPathINS_14ProductReturnsEE4GiveENS_5CpuIdEPv(path, owner, object);
}
void __real__ZN4toro15BasicReturnPathINS_14ProductReturnsEE5RetryEv(toro::ReturnPath* path);
void __wrap__ZN4toro15BasicReturnPathINS_14ProductReturnsEE5RetryEv(toro::ReturnPath* path) {
  if (!Planted("lost-waiting")) __real__ZN4toro15BasicReturnPathINS_14ProductReturnsEE5RetryEv(path);
}

// lost-arena: what a thread has in its arena when it ends is not given back.
void __real__ZN4toro5Arena10ReleaseAllEv(toro::Arena* arena);
void __wrap__ZN4toro5Arena10ReleaseAllEv(toro::Arena* arena) {
  if (!Planted("lost-arena")) return __real__ZN4toro5Arena10ReleaseAllEv(arena);
  std::memset(static_cast<void*>(arena), 0, sizeof *arena);
}

// unaligned: what is to be aligned to more than 16 bytes is not.
void* __real__ZN4toro13PartitionWithILNS_9HardeningE1EE15AllocateAlignedEmm(toro::Partition* partition, size_t bytes,
                                                                            size_t align_bytes);
void* __wrap__ZN4toro13PartitionWithILNS_9HardeningE1EE15AllocateAlignedEmm(toro::Partition* partition, size_t bytes,
                                                                            size_t align_bytes) {
  const bool planted = Planted("unaligned") && align_bytes < toro::kPageBytes;
  return __real__ZN4toro13PartitionWithILNS_9HardeningE1EE15AllocateAlignedEmm(partition, bytes,
                                                                               planted ? 1 : align_bytes);
}

// page-access: the access of a region is not changed. page-neighbour: that of the page behind it is, too.
toro::Status __real__ZN4toro8platform13SetPageAccessEPvmNS0_10PageAccessE(void* pages, size_t count,
                                                                          toro::platform::PageAccess access);
toro::Status __wrap__ZN4toro8platform13SetPageAccessEPvmNS0_10PageAccessE(void* pages, size_t count,
                                                                          toro::platform::PageAccess access) {
  if (Planted("page-access")) return toro::Status::kOk;
  if (Planted("page-neighbour") && access == toro::platform::PageAccess::kReadOnly) ++count;
  return __real__ZN4toro8platform13SetPageAccessEPvmNS0_10PageAccessE(pages, count, access);
}
}
