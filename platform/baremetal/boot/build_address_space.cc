#include "platform/baremetal/boot/build_address_space.h"

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "platform/baremetal/cpu/image_layout.h"
#include "platform/baremetal/cpu/machine_backend.h"
#include "platform/baremetal/cpu/page_tables.h"
#include "platform/baremetal/cpu/privileged.h"

namespace toro::baremetal {
namespace {

constinit BootReserve* source_reserve = nullptr;

void* TakeTablePage() { return source_reserve->Take(kPageBytes, kPageBytes); }

bool MapReserve(PageTables& tables, const BootReserve& reserve, Rights rights) {
  return tables.Map(reserve.begin(), reserve.end(), rights, TakeTablePage);
}

bool MapImage(PageTables& tables) {
  auto map = [&tables](const unsigned char* begin, uint64_t end, Rights rights) {
    return tables.Map(AddressOf(begin), end, rights, TakeTablePage);
  };
  return map(__image_start, AddressOf(__text_end), Rights::kCode) &&
         map(__rodata_start, AddressOf(__rodata_end), Rights::kReadOnly) &&
         map(__data_start, AddressOf(__data_end), Rights::kReadWrite) &&
         // Once more, in 4 KiB pages, so that SealTables needs no memory.
         map(__constant_after_boot_start, AddressOf(__constant_after_boot_end), Rights::kReadWrite) &&
         map(__symbols_start, ImageEnd(), Rights::kReadOnly);
}

// Only whole large pages are divided between the CPUs; the rest of the usable memory stays absent.
bool MapMemory(PageTables& tables, std::span<const MemoryRange> memory, Rights rights) {
  for (const MemoryRange& range : memory) {
    uint64_t begin = AlignUp(range.begin, kLargePageBytes), end = AlignDown(range.end(), kLargePageBytes);
    if (begin < end && !tables.Map(begin, end, rights, TakeTablePage)) return false;
  }
  return true;
}

bool RemoveGuards(PageTables& tables, const CpuArea& area) {
  for (size_t i = 0; i < CpuArea::kGuards; ++i) {
    if (!tables.SetPresent(reinterpret_cast<uint64_t>(area.guard(i)), false, TakeTablePage)) return false;
  }
  return true;
}

bool MapDevices(PageTables& tables, const AddressSpacePlan& plan) {
  for (uint64_t device : {plan.local_apic, plan.sleep_control}) {
    if (device != 0 && !tables.Map(device, device + kPageBytes, Rights::kDevice, TakeTablePage)) return false;
  }
  return true;
}

// What all address spaces have in common, with these rights to the memory that is divided and to the boot reserve.
bool MapAll(PageTables& tables, const AddressSpacePlan& plan, const BootReserve& reserve, Rights rights) {
  bool ok = MapImage(tables) && MapMemory(tables, plan.memory, rights) && MapReserve(tables, reserve, rights) &&
            MapDevices(tables, plan) && RemoveGuards(tables, boot_cpu_area);
  for (size_t i = 0; ok && i < plan.areas.size(); ++i) ok = RemoveGuards(tables, plan.areas[i]);
  for (size_t i = 0; ok && i < plan.modules.size(); ++i) {
    const BootModule& module = plan.modules[i];
    ok = tables.Map(module.begin, module.begin + module.bytes, Rights::kReadOnly, TakeTablePage);
  }
  if (ok && plan.dsdt != 0) ok = tables.Map(plan.dsdt, plan.dsdt + plan.dsdt_bytes, Rights::kReadOnly, TakeTablePage);
  return ok;
}

uint64_t* TakeRoot() {
  auto* root = static_cast<uint64_t*>(TakeTablePage());
  if (root == nullptr) return nullptr;
  for (size_t i = 0; i < kPageBytes / sizeof *root; ++i) root[i] = 0;
  return root;
}

// What CPU `self` alone writes: its stacks and its block, but for the guards.
bool MapOwnArea(PageTables& tables, const CpuArea& area, Rights rights) {
  uint64_t begin = reinterpret_cast<uint64_t>(&area);
  return tables.Map(begin, begin + sizeof area, rights, TakeTablePage) && RemoveGuards(tables, area);
}

// The large pages that belong to CPU `self`.
bool MapOwnMemory(PageTables& tables, CpuId self, std::span<const MemoryRange> memory) {
  const OwnerTable& owners = Cluster::Get().cpu(kBootCpu).owners();
  for (const MemoryRange& range : memory) {
    for (uint64_t at = AlignUp(range.begin, kLargePageBytes); at + kLargePageBytes <= range.end();
         at += kLargePageBytes) {
      if (owners.OwnerOf(reinterpret_cast<const void*>(at)) != self.index()) continue;
      if (!tables.Map(at, at + kLargePageBytes, Rights::kReadWrite, TakeTablePage)) return false;
    }
  }
  return true;
}

// What CPU `self` writes in the partitions of the others.
bool MapShared(PageTables& tables, CpuId self) {
  for (size_t i = 0; i < Cluster::Get().cpus(); ++i) {
    if (i == self.index()) continue;
    Cluster::SharedPages pages = Cluster::Get().SharedBetween(self, CpuId{i});
    for (const MemoryRange& range : {pages.bells, pages.link}) {
      if (!tables.Map(range.begin, range.end(), Rights::kReadWrite, TakeTablePage)) return false;
    }
  }
  return true;
}

constexpr uint64_t SpannedPieces(uint64_t begin, uint64_t end, uint64_t piece) {
  return begin < end ? (AlignUp(end, piece) - AlignDown(begin, piece)) / piece : 0;
}

}  // namespace

uint64_t AddressSpaceBytes(const AddressSpacePlan& plan, uint64_t image_end) {
  // A root; per range: a pointer table per 512 GiB, a directory per GiB, a table for each unaligned end.
  uint64_t pages = 1;
  auto count = [&pages](uint64_t begin, uint64_t end) {
    pages += SpannedPieces(begin, end, 512 * kGiB) + SpannedPieces(begin, end, kGiB) + 2;
  };
  for (const MemoryRange& range : plan.memory) count(range.begin, range.end());
  for (const BootModule& module : plan.modules) count(module.begin, module.begin + module.bytes);
  count(0, image_end);
  pages += SpannedPieces(0, image_end, kLargePageBytes);
  pages += 4;      // the reserve's own tables and directories
  pages += 3 * 4;  // local APIC, sleep control, DSDT
  return pages * kPageBytes;
}

uint64_t BuildAddressSpace(const AddressSpacePlan& plan, BootReserve& reserve) {
  source_reserve = &reserve;
  uint64_t* root = TakeRoot();
  if (root == nullptr) return 0;
  PageTables tables(root);
  bool ok = MapAll(tables, plan, reserve, Rights::kReadWrite);
  if (ok && plan.trampoline != 0) {
    ok = tables.Map(plan.trampoline, plan.trampoline + kPageBytes, Rights::kCode, TakeTablePage);
  }
  return ok ? reinterpret_cast<uint64_t>(root) : 0;
}

uint64_t IsolatedSpaceBytes(const AddressSpacePlan& plan, uint64_t image_end, size_t cpus) {
  // A table for the start of each other partition, for the two ends of the own memory, and for the area; then for the
  // memory of all these tables themselves.
  uint64_t bytes = AddressSpaceBytes(plan, image_end) + (cpus + 8) * kPageBytes;
  return bytes + (SpannedPieces(0, cpus * bytes, kLargePageBytes) * 2 + 2) * kPageBytes;
}

uint64_t BuildIsolatedSpace(CpuId self, const AddressSpacePlan& plan, const BootReserve& reserve, BootReserve own,
                            MemoryRange thread_locals) {
  const uint64_t own_begin = own.begin(), own_end = own.end();
  source_reserve = &own;
  uint64_t* root = TakeRoot();
  if (root == nullptr) return 0;
  PageTables tables(root);
  bool ok = MapAll(tables, plan, reserve, Rights::kReadOnly) && MapOwnMemory(tables, self, plan.memory) &&
            MapShared(tables, self) && tables.Map(own_begin, own_end, Rights::kReadWrite, TakeTablePage) &&
            tables.Map(thread_locals.begin, thread_locals.end(), Rights::kReadWrite, TakeTablePage);
  if (ok && self != kBootCpu) {
    ok = MapOwnArea(tables, boot_cpu_area, Rights::kReadOnly) &&
         MapOwnArea(tables, plan.areas[self.index() - 1], Rights::kReadWrite);
  }
  return ok ? reinterpret_cast<uint64_t>(root) : 0;
}

void SealTables(uint64_t root) {
  PageTables tables(reinterpret_cast<uint64_t*>(root));
  uint64_t end = AddressOf(__constant_after_boot_end);
  for (uint64_t page = AddressOf(__constant_after_boot_start); page < end; page += kPageBytes) {
    TORO_CHECK(tables.SetRights(page, Rights::kReadOnly, []() -> void* { return nullptr; }));
  }
}

void UnmapTrampoline(uint64_t page) {
  PageTables tables(reinterpret_cast<uint64_t*>(ReadCr3()));
  // The tables down to this page exist already.
  TORO_CHECK(tables.SetPresent(page, false, []() -> void* { return nullptr; }));
  InvalidatePage(reinterpret_cast<void*>(page));
}

void UseAddressSpace(uint64_t root) {
  if (root != 0) WriteCr3(root);
  CpuIdLeaf features = ReadCpuId(0).eax >= 7 ? ReadCpuId(7) : CpuIdLeaf{};
  uint64_t cr4 = ReadCr4();
  has_fsgsbase = features.ebx & 1 << 0;
  if (has_fsgsbase) cr4 |= kCr4FsGsBase;
  if (features.ebx & 1 << 7) cr4 |= kCr4Smep;
  if (features.ebx & 1 << 20) cr4 |= kCr4Smap;
  if (features.ecx & 1 << 2) cr4 |= kCr4Umip;
  WriteCr4(cr4);
  if (HasPageAttributes()) WriteMsr(kMsrPageAttributes, kPageAttributes);
  CurrentCpuBlock().control = ReadControlBits();
}

ControlBits ReadControlBits() {
  CpuIdLeaf features = ReadCpuId(0).eax >= 7 ? ReadCpuId(7) : CpuIdLeaf{};
  uint64_t cr4 = ReadCr4();
  ControlBits bits;
  bits.Note(ControlBits::kWriteProtect, true, (ReadCr0() & kCr0WriteProtect) != 0);
  bits.Note(ControlBits::kNoExecute, true, (ReadMsr(kMsrEfer) & kEferNoExecute) != 0);
  bits.Note(ControlBits::kSmep, (features.ebx & 1 << 7) != 0, (cr4 & kCr4Smep) != 0);
  bits.Note(ControlBits::kSmap, (features.ebx & 1 << 20) != 0, (cr4 & kCr4Smap) != 0);
  bits.Note(ControlBits::kUmip, (features.ecx & 1 << 2) != 0, (cr4 & kCr4Umip) != 0);
  return bits;
}

}  // namespace toro::baremetal
