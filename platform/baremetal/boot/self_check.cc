#include "platform/baremetal/boot/self_check.h"

#include <string_view>

#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/machine/machine.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/boot/before_self_check.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/image_layout.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/baremetal/cpu/rights_audit.h"

namespace toro::baremetal {
namespace {

constinit uint64_t check_cycles = 0;

uint64_t* Root() { return reinterpret_cast<uint64_t*>(AlignDown(ReadCr3(), kPageBytes)); }

void PrintRange(uint64_t begin, uint64_t end) {
  PrintHex(begin, 10);
  Print("..");
  PrintHex(end - 1, 10);
}

void CheckControlBits(const CpuBlock& block) {
  const char* missing = block.control.Missing();
  if (missing == nullptr) return;
  Print("toro: cannot start: the self-check found that on CPU ");
  PrintDecimal(block.id.index());
  Print(" ");
  Print(missing);
  Print(" is off, which this CPU has; this is a defect of the kernel\n");
  platform::PowerOff(1);
}

void CheckRights(uint64_t root) {
  RightsAudit audit = AuditRights(PageTables(reinterpret_cast<uint64_t*>(root)));
  if (audit.defect == nullptr) return;
  Print("toro: cannot start: the self-check found that ");
  PrintRange(audit.where.begin, audit.where.end);
  Print(" ");
  Print(audit.defect);
  Print("; this is a defect of the kernel\n");
  platform::PowerOff(1);
}

// Isolation: what a CPU can write in the partitions of the others must be what the exchange shares, to the byte.
struct Foreign {
  size_t self;
  uint64_t writable_bytes;
};

void AccountForeign(void* context, const PageTables::Region& region) {
  auto& foreign = *static_cast<Foreign*>(context);
  if (!region.writable) return;
  const OwnerTable& owners = Cluster::Get().cpu(kBootCpu).owners();
  for (uint64_t at = region.begin; at < region.end;) {
    uint64_t next = AlignDown(at, kLargePageBytes) + kLargePageBytes;
    if (next > region.end) next = region.end;
    size_t owner = owners.OwnerOf(reinterpret_cast<const void*>(at));
    if (owner != OwnerTable::kNoOwner && owner != foreign.self) foreign.writable_bytes += next - at;
    at = next;
  }
}

uint64_t WritableOfOthers(size_t cpu, uint64_t root) {
  Foreign foreign{cpu, 0};
  PageTables(reinterpret_cast<uint64_t*>(root)).Walk(&AccountForeign, &foreign);
  return foreign.writable_bytes;
}

void CheckIsolation(const CpuBlock& block) {
  if (block.root == 0) return;
  CheckRights(block.root);
  uint64_t shared_bytes = 0;
  for (size_t i = 0; i < Cluster::Get().cpus(); ++i) {
    if (i == block.id.index()) continue;
    Cluster::SharedPages pages = Cluster::Get().SharedBetween(block.id, CpuId{i});
    shared_bytes += pages.bells.bytes + pages.link.bytes;
  }
  uint64_t bytes = WritableOfOthers(block.id.index(), block.root);
  if (bytes == shared_bytes) return;
  Print("toro: cannot start: the self-check found that CPU ");
  PrintDecimal(block.id.index());
  Print(" can write ");
  PrintDecimal(bytes);
  Print(" bytes of the memory of others, and ");
  PrintDecimal(shared_bytes);
  Print(" are shared; this is a defect of the kernel\n");
  platform::PowerOff(1);
}

void PrintIsolation(const CpuBlock& block) {
  if (block.root == 0) return;
  Print("toro: CPU ");
  PrintDecimal(block.id.index());
  Print(" is isolated: of the memory of others it can write ");
  PrintDecimal(WritableOfOthers(block.id.index(), block.root) / kKiB);
  Print(" KiB, which the exchange shares\n");
}

// What lies at `address`, and of a partition its CPU.
struct Place {
  std::string_view name;
  size_t cpu = 0;
};
constexpr std::string_view kPartition = "memory of CPU ";

struct Map {
  const AddressSpacePlan& space;
  const BootReserve& reserve;

  Place At(uint64_t address) const {
    auto in = [address](uint64_t begin, uint64_t bytes) { return address - begin < bytes; };
    auto between = [address](const unsigned char* begin, uint64_t end) {
      return address >= AddressOf(begin) && address < AlignUp(end, kPageBytes);
    };
    if (between(__image_start, AddressOf(__text_end))) return {"code"};
    if (between(__rodata_start, AddressOf(__rodata_end))) return {"constants"};
    if (between(__constant_after_boot_start, AddressOf(__constant_after_boot_end))) return {"tables of the kernel"};
    if (between(__data_start, AddressOf(__data_end))) return {"data, and stacks of CPU 0"};
    if (between(__symbols_start, ImageEnd())) return {"names of functions"};
    if (in(reserve.begin(), reserve.end() - reserve.begin())) return {"stacks of the other CPUs, page tables"};
    if (in(space.local_apic, kPageBytes)) return {"local APIC"};
    if (in(space.sleep_control, kPageBytes)) return {"sleep control"};
    for (const BootModule& module : space.modules) {
      if (in(AlignDown(module.begin, kPageBytes), module.bytes + kPageBytes)) return {"input file"};
    }
    if (in(AlignDown(space.dsdt, kPageBytes), space.dsdt_bytes + kPageBytes)) return {"DSDT"};
    size_t owner = Cluster::Get().cpu(kBootCpu).owners().OwnerOf(reinterpret_cast<const void*>(address));
    if (owner != OwnerTable::kNoOwner) return {kPartition, owner};
    return {"the rest of a page"};
  }
};

void PrintPlace(const Place& place) {
  Print(place.name);
  if (place.name == kPartition) PrintDecimal(place.cpu);
}

void PrintRegion(void* context, const PageTables::Region& region) {
  const Map& map = *static_cast<const Map*>(context);
  Print("toro:   ");
  PrintRange(region.begin, region.end);
  Print(region.writable ? " rw" : " r-");
  Print(region.executable ? "x " : "- ");
  Print(region.uncached ? "uncached " : "");
  Place first = map.At(region.begin), last = map.At(region.end - 1);
  PrintPlace(first);
  if (first.name != last.name || first.cpu != last.cpu) {
    Print(" to ");
    PrintPlace(last);
  }
  Print("\n");
}

void PrintControlBits(size_t cpu, const ControlBits& control) {
  Print("toro: CPU ");
  PrintDecimal(cpu);
  Print(":");
  const char* before_absent = "; this CPU has no";
  for (size_t bit = 0; bit < ControlBits::kCount; ++bit) {
    if (!control.On(bit)) continue;
    Print(" ");
    Print(ControlBits::kNames[bit]);
  }
  for (size_t bit = 0; bit < ControlBits::kCount; ++bit) {
    if (control.On(bit)) continue;
    Print(before_absent);
    before_absent = "";
    Print(" ");
    Print(ControlBits::kNames[bit]);
  }
  Print("\n");
}

}  // namespace

void CheckHardening(std::span<const CpuArea> areas, const char* last_argument) {
  uint64_t begin_cycles = Machine::Cycles();
  if (BeforeSelfCheck != nullptr) BeforeSelfCheck(Root(), last_argument);
  boot_cpu_area.block.control = ReadControlBits();
  CheckControlBits(boot_cpu_area.block);
  for (const CpuArea& area : areas) CheckControlBits(area.block);
  CheckRights(reinterpret_cast<uint64_t>(Root()));
  CheckIsolation(boot_cpu_area.block);
  for (const CpuArea& area : areas) CheckIsolation(area.block);
  check_cycles = Machine::Cycles() - begin_cycles;
}

void PrintHardening(const AddressSpacePlan& space, const BootReserve& reserve) {
  PageTables tables(Root());
  RightsAudit audit = AuditRights(tables);
  Print("toro: code ");
  PrintDecimal(audit.code_bytes / kKiB);
  Print(" KiB, read-only ");
  PrintDecimal(audit.read_only_bytes / kKiB);
  Print(" KiB, writable ");
  PrintDecimal(audit.writable_bytes / kKiB);
  Print(" KiB, writable and executable ");
  PrintDecimal(audit.writable_code_bytes / kKiB);
  Print(" KiB, page 0 ");
  Print(tables.Find(0) == 0 ? "absent" : "present");
  Print("; checked in ");
  PrintDecimal(NsOfCycles(check_cycles, clock_ns_per_cycle_scaled.load(std::memory_order_relaxed)) / kNsPerUs);
  Print(" us\n");
  Map map{space, reserve};
  tables.Walk(&PrintRegion, &map);
  PrintIsolation(boot_cpu_area.block);
  for (const CpuArea& area : space.areas) PrintIsolation(area.block);
  PrintControlBits(0, boot_cpu_area.block.control);
  for (size_t i = 0; i < space.areas.size(); ++i) PrintControlBits(i + 1, space.areas[i].block.control);
}

}  // namespace toro::baremetal
