#include "platform/baremetal/cpu/address_space.h"

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/page_tables.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro {
namespace baremetal {
namespace {

PageTables CurrentTables() { return PageTables(reinterpret_cast<uint64_t*>(ReadCr3() & ~uint64_t{0xfff})); }

}  // namespace

bool IsMapped(uint64_t address, uint64_t bytes) {
  constexpr uint64_t kCanonicalLowEnd = uint64_t{1} << 47;
  if (address >= kCanonicalLowEnd || bytes > kCanonicalLowEnd - address) return false;
  for (uint64_t page = AlignDown(address, kPageBytes); page < address + bytes; page += kPageBytes) {
    if (CurrentTables().Find(page) == 0) return false;
  }
  return true;
}

bool IsBootStackGuard(uint64_t address) {
  auto* area = reinterpret_cast<const CpuArea*>(reinterpret_cast<const unsigned char*>(&CurrentCpuBlock()) -
                                                offsetof(CpuArea, block));
  for (size_t i = 0; i < CpuArea::kGuards; ++i) {
    if (address - reinterpret_cast<uint64_t>(area->guard(i)) < kPageBytes) return true;
  }
  return false;
}

}  // namespace baremetal

namespace platform {

bool SetGuardPage(void* page, bool guard) {
  if (AllocatePageTablePage == nullptr) return false;
  uint64_t address = reinterpret_cast<uint64_t>(page);
  if (!baremetal::CurrentTables().SetPresent(address, !guard, AllocatePageTablePage)) return false;
  baremetal::InvalidatePage(page);
  return true;
}

// Another CPU changed the entry: what this CPU remembers of it is forgotten.
void AdoptGuardPage(void* page) { baremetal::InvalidatePage(page); }

Status SetPageAccess(void* pages, size_t count, PageAccess access) {
  using baremetal::Rights;
  constexpr Rights kRights[] = {Rights::kReadWrite, Rights::kReadOnly, Rights::kDevice, Rights::kWriteCombining};
  if (access == PageAccess::kWriteCombining && !baremetal::HasPageAttributes()) return Status::kNotSupported;
  if (AllocatePageTablePage == nullptr) return Status::kNotSupported;
  // Isolated: the other CPUs would go on reaching these pages through their caches, by their own tables.
  const bool cached = access == PageAccess::kNormal || access == PageAccess::kReadOnly;
  if (baremetal::CurrentCpuBlock().root != 0 && !cached) return Status::kNotSupported;
  // First all tables that are needed: after that nothing can fail.
  uint64_t begin = reinterpret_cast<uint64_t>(pages);
  uint64_t end = begin + count * kPageBytes;
  baremetal::PageTables tables = baremetal::CurrentTables();
  for (uint64_t page = begin; page < end; page = AlignDown(page, kLargePageBytes) + kLargePageBytes) {
    if (!tables.Split(page, AllocatePageTablePage)) return Status::kOutOfMemory;
  }
  for (uint64_t page = begin; page < end; page += kPageBytes) {
    TORO_CHECK(tables.SetRights(page, kRights[static_cast<size_t>(access)], AllocatePageTablePage));
    baremetal::InvalidatePage(reinterpret_cast<void*>(page));
  }
  return Status::kOk;
}

// A line that was cached while the page was ordinary memory must not be written back over what went past the cache
// later, nor be read instead of it [sdm3 11.12.4]. CLFLUSH reaches the caches of all CPUs; CPUID waits for it.
void AdoptPageAccess(void* pages, size_t count, PageAccess access) {
  char* begin = static_cast<char*>(pages);
  char* end = begin + count * kPageBytes;
  for (char* page = begin; page < end; page += kPageBytes) baremetal::InvalidatePage(page);
  if (access != PageAccess::kUncached && access != PageAccess::kWriteCombining) return;
  for (char* line = begin; line < end; line += kCacheLineBytes) baremetal::FlushLine(line);
  (void)baremetal::ReadCpuId(0);
}

// Every virtual address is the physical one (page_tables.h).
uint64_t PhysicalAddress(const void* address) { return reinterpret_cast<uint64_t>(address); }

}  // namespace platform
}  // namespace toro
