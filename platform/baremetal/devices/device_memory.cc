#include "platform/baremetal/devices/device_memory.h"

#include "core/base/units.h"
#include "core/kernel/allocation.h"
#include "core/sched/call.h"
#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/page_tables.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro::baremetal {
namespace {

constexpr uint64_t kAddressesEnd = uint64_t{1} << 47;
constexpr uint64_t kCacheOff = 1 << 4;  // of an entry (page_tables.h)

PageTables CurrentTables() { return PageTables(reinterpret_cast<uint64_t*>(AlignDown(ReadCr3(), kPageBytes))); }

// Maps the absent pages among them. `wanted`: what an entry that is there already must have.
bool MapAbsent(uint64_t begin, uint64_t bytes, Rights rights, uint64_t wanted) {
  if (begin < kNullAreaBytes || bytes == 0 || begin >= kAddressesEnd || bytes > kAddressesEnd - begin) return false;
  PageTables tables = CurrentTables();
  bool is_absent = true;
  for (uint64_t page = AlignDown(begin, kPageBytes); page < begin + bytes; page += kPageBytes) {
    uint64_t entry = tables.Find(page);
    if (entry == 0) continue;
    if ((entry & wanted) != wanted) return false;
    is_absent = false;
  }
  if (is_absent) return tables.Map(begin, begin + bytes, rights, AllocatePageTablePage);
  for (uint64_t page = AlignDown(begin, kPageBytes); page < begin + bytes; page += kPageBytes) {
    if (tables.Find(page) == 0 && !tables.Map(page, page + kPageBytes, rights, AllocatePageTablePage)) return false;
  }
  return true;
}

}  // namespace

bool MapRegisters(uint64_t begin, uint64_t bytes) { return MapAbsent(begin, bytes, Rights::kDevice, kCacheOff); }

bool MapRegistersHere(uint64_t begin, uint64_t bytes) {
  if (CurrentCpuBlock().root != 0) return MapRegisters(begin, bytes);
  return CallOn(kBootCpu, [begin, bytes] { return MapRegisters(begin, bytes); });
}

const unsigned char* FirmwareTables::At(uint64_t address, uint64_t bytes) const {
  return MapAbsent(address, bytes, Rights::kReadOnly, 0) ? reinterpret_cast<const unsigned char*>(address) : nullptr;
}

}  // namespace toro::baremetal
