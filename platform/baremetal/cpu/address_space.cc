#include "platform/baremetal/cpu/address_space.h"

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

}  // namespace platform
}  // namespace toro
