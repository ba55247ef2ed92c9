// caching: how does each CPU cache a region? Asked of the CPU itself: its page tables and its page attribute table
// together say it [sdm3 11.12.3]. An emulator has no caches, so whether a store waits in one cannot be seen there.
#include <cstddef>
#include <cstdint>

#include "core/kernel/region.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"

namespace {

using contract::Check;
using toro::CpuId;
using toro::RegionAccess;
using toro::Status;

// Memory types of the page attribute table [sdm3 11.12.2].
enum class Type : uint8_t { kUncached = 0, kWriteCombining = 1, kWriteBack = 6 };

uint64_t ReadMsr(uint32_t number) {
  uint32_t low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return uint64_t{high} << 32 | low;
}

// Of the CPU that executes it: the type that its tables give the page at `address`.
Type TypeOfPage(uint64_t address) {
  constexpr uint64_t kAddress = 0x000ffffffffff000;
  uint64_t root;
  asm volatile("movq %%cr3, %0" : "=r"(root));
  uint64_t entry = root & kAddress;
  int shift = 39;
  for (;; shift -= 9) {
    entry = reinterpret_cast<const uint64_t*>(entry & kAddress)[address >> shift & 511];
    if (shift == 12 || (entry & 0x80) != 0) break;
  }
  // Write-through, cache off, and the attribute bit, which is bit 7 of a page of 4 KiB and bit 12 of a larger one.
  uint64_t attribute = entry >> (shift == 12 ? 7 : 12) & 1;
  uint64_t index = (entry >> 3 & 3) | attribute << 2;
  constexpr uint32_t kMsrPageAttributes = 0x277;
  return static_cast<Type>(ReadMsr(kMsrPageAttributes) >> (8 * index) & 7);
}

// Is each page of the region of that type on each CPU, and the page behind it ordinary?
bool Everywhere(const toro::Region& region, Type type, uint64_t behind) {
  bool all = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    for (size_t offset = 0; offset < region.bytes; offset += toro::kPageBytes) {
      uint64_t page = reinterpret_cast<uint64_t>(region.address) + offset;
      all = all && toro::Call(CpuId{i}, [page] { return TypeOfPage(page); }) == type;
    }
    all = all && toro::Call(CpuId{i}, [behind] { return TypeOfPage(behind); }) == Type::kWriteBack;
  }
  return all;
}

void ARegionIsCachedAsItIsSet() {
  // Of four pages the first three are set.
  toro::Region region = toro::AllocateRegion(4 * toro::kPageBytes).value();
  toro::Region part{region.address, 3 * toro::kPageBytes};
  uint64_t behind = reinterpret_cast<uint64_t>(region.address) + part.bytes;
  struct {
    RegionAccess access;
    Type type;
    const char* what;
  } const kCases[] = {
      {RegionAccess::kNormal, Type::kWriteBack, "ordinary memory is cached, on every CPU"},
      {RegionAccess::kUncached, Type::kUncached, "an uncached region is, on every CPU, and its neighbour is not"},
      {RegionAccess::kWriteCombining, Type::kWriteCombining, "so is one that combines writes"},
      {RegionAccess::kReadOnly, Type::kWriteBack, "a read-only one is cached"},
  };
  for (const auto& one : kCases) {
    bool set = toro::SetRegionAccess(part, one.access) == Status::kOk;
    Check(set && Everywhere(part, one.type, behind), one.what);
  }
  (void)toro::SetRegionAccess(part, RegionAccess::kUncached);
  toro::FreeRegion(region);
  Check(Everywhere(region, Type::kWriteBack, behind), "a region that was freed is ordinary memory");
}

}  // namespace

int main() {
  ARegionIsCachedAsItIsSet();
  return contract::End();
}
