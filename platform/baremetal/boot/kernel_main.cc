// KernelEntry: from the loader to the loop of every CPU. docs/boot_sequence.md lists the steps.
//
// This is the composition root of the bare machine: the one place that knows the loader, the firmware, the CPUs, the
// memory and the core.
#include <atomic>
#include <new>
#include <span>
#include <string_view>

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/kernel/memory_report.h"
#include "core/machine/machine.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/boot/boot_info.h"
#include "platform/baremetal/boot/boot_reserve.h"
#include "platform/baremetal/boot/build_address_space.h"
#include "platform/baremetal/boot/command_line.h"
#include "platform/baremetal/boot/firmware.h"
#include "platform/baremetal/boot/input_pack.h"
#include "platform/baremetal/boot/memory_plan.h"
#include "platform/baremetal/boot/multiboot2.h"
#include "platform/baremetal/boot/pvh.h"
#include "platform/baremetal/boot/self_check.h"
#include "platform/baremetal/boot/start_cpus.h"
#include "platform/baremetal/boot/trace_port.h"
#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/cpu_table.h"
#include "platform/baremetal/cpu/entropy.h"
#include "platform/baremetal/cpu/idle.h"
#include "platform/baremetal/cpu/image_layout.h"
#include "platform/baremetal/cpu/interrupts.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/power_off.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/baremetal/runtime/runtime.h"
#include "platform/baremetal/runtime/thread_block.h"

namespace toro {

// Page tables of a guard page come from the memory of the CPU whose stack it guards.
void* AllocatePageTablePage() { return Cpu::Current().partition().TakePages(1); }

namespace baremetal {
namespace {

constinit BootInfo boot_info{};
constinit CommandLine command_line{};
constinit InputFile inputs[128] = {};
constinit size_t input_count = 0;
// Made by KernelEntry: where a constant initializer would have it, it would be a kilobyte of the file.
alignas(Firmware) constinit unsigned char firmware_place[sizeof(Firmware)] = {};
Firmware& firmware = reinterpret_cast<Firmware&>(firmware_place);
constinit NodeMap node_map;

void ReadLoader(uint32_t magic, uint64_t address) {
  const char* problem = magic == kMultiboot2Magic ? ParseMultiboot2(MappedMemory::Get(), address, boot_info)
                                                  : ParsePvh(MappedMemory::Get(), address, boot_info);
  if (problem != nullptr) RefuseToBoot(problem);
}

void ReadCommandLine() {
  const char* problem = ParseCommandLine(boot_info.command_line, command_line);
  if (problem != nullptr) {
    Print("toro: cannot start: kernel command line: ");
    Print(problem);
    Print(" '");
    Print(command_line.culprit);
    Print("'; known words: ");
    Print(kKnownWords);
    Print("\n");
    platform::PowerOff(1);
  }
  if (command_line.has_cpus && command_line.cpus == 0) {
    RefuseToBoot("cpus=0 on the kernel command line, but a kernel needs at least 1 CPU", {}, "say cpus=1 or more");
  }
  if (command_line.trace_records > 0 && !HasTracePort()) {
    RefuseToBoot("trace= has nowhere to write the trace", {}, "add -device isa-debugcon,iobase=0xe8,chardev=NAME");
  }
  if (const char* idle_problem = DecideIdle(command_line.idle)) {
    RefuseToBoot(idle_problem, command_line.idle, "say idle=hlt, or leave it out for what suits this machine");
  }
}

// How many CPUs to use; fills cpu_apic_ids.
size_t ChooseCpus() {
  if (firmware.cpus_problem != nullptr && !(command_line.has_cpus && command_line.cpus == 1)) {
    RefuseToBoot(firmware.cpus_problem, {}, "boot with cpus=1 to use one CPU without it");
  }
  size_t most = firmware.cpu_count;
  size_t wanted = command_line.has_cpus ? command_line.cpus : most < kMaxCpus ? most : kMaxCpus;
  if (wanted > most || wanted > kMaxCpus) {
    Print("toro: cannot start: cpus=");
    PrintDecimal(wanted);
    Print(" on the kernel command line, but this machine has ");
    PrintDecimal(most);
    Print(most == 1 ? " CPU" : " CPUs");
    Print("; say cpus=");
    PrintDecimal(most < kMaxCpus ? most : kMaxCpus);
    Print(" or less, or give the machine more (qemu -smp)\n");
    platform::PowerOff(1);
  }
  cpu_apic_ids[0] = ReadLocalApicId();
  size_t next = 1;
  for (size_t i = 0; i < firmware.cpu_count && i < kMaxCpus && next < wanted; ++i) {
    if (firmware.apic_ids[i] != cpu_apic_ids[0]) cpu_apic_ids[next++] = firmware.apic_ids[i];
  }
  if (next < wanted) RefuseToBoot("the ACPI table of CPUs does not list the CPU that booted", {}, "boot with cpus=1");
  return wanted;
}

void ReadNodes(size_t cpus) {
  if (command_line.ignore_nodes) return;
  const char* problem = firmware.ReadNodes({cpu_apic_ids, cpus}, node_map);
  if (problem != nullptr) {
    RefuseToBoot(problem, {}, "boot with numa=off to give the CPUs equal shares of all memory");
  }
}

// The modules' memory is not divided; KeepInputs runs before the tables are built, ReadInputs on them.
void KeepInputs(MemoryPlan& plan) {
  for (size_t i = 0; i < boot_info.module_count; ++i) {
    const BootModule& module = boot_info.modules[i];
    plan.Keep(AlignDown(module.begin, kPageBytes), AlignUp(module.begin + module.bytes, kPageBytes));
  }
}

std::string_view ContentsOf(const BootModule& module) {
  return {reinterpret_cast<const char*>(module.begin), module.bytes};
}

// PVH hands over one module, which may be a pack; every module of multiboot2 is a file.
void ReadInputs(uint32_t magic) {
  if (magic == kPvhMagic && boot_info.module_count == 1 && IsInputPack(ContentsOf(boot_info.modules[0]))) {
    const char* problem = ReadInputPack(ContentsOf(boot_info.modules[0]), inputs, input_count);
    if (problem != nullptr) RefuseToBoot(problem);
    return;
  }
  static_assert(sizeof inputs / sizeof inputs[0] >= BootInfo::kMostModules);
  for (size_t i = 0; i < boot_info.module_count; ++i) {
    inputs[input_count++] = {boot_info.modules[i].name, ContentsOf(boot_info.modules[i])};
  }
}

[[noreturn]] void RunCpu(CpuId id) {
  Cpu& cpu = Cluster::Get().Enter(id);
  cpu.AssertHere();
  EnableInterrupts();
  if (command_line.watchdog_ms != 0) {
    platform::WatchForStalls(command_line.watchdog_ms * kNsPerMs, command_line.watchdog_powers_off
                                                                      ? platform::StallPolicy::kPowerOff
                                                                      : platform::StallPolicy::kReport);
  }
  for (;;) {
    if (!cpu.Step()) cpu.Sleep();
  }
}

void RunApplicationCpu(CpuId id) { RunCpu(id); }

// The memory of the other CPUs' areas, of all loops' thread-local variables, and of the page tables.
struct BootMemory {
  MemoryPlan plan;
  BootReserve reserve;
  std::span<CpuArea> areas;
  AddressSpacePlan space;
  uint64_t loop_locals = 0;  // the thread-local blocks of the CPUs' loops, one after the other
};
constinit BootMemory boot_memory{};

// Of one loop. Isolated: in pages of its own.
size_t LoopLocalsAlign() { return command_line.isolate ? kPageBytes : kCacheLineBytes; }
size_t LoopLocalsBytes() { return AlignUp(platform::ThreadLocalBytes(), LoopLocalsAlign()); }

void* TakeThreadLocals() {
  void* block = boot_memory.reserve.Take(LoopLocalsBytes(), LoopLocalsAlign());
  if (boot_memory.loop_locals == 0) boot_memory.loop_locals = reinterpret_cast<uint64_t>(block);
  platform::InitThreadLocals(block);
  return runtime::ThreadPointerOf(block);
}

// Takes the reserve, builds the tables and uses them. Returns the trampoline's page, or 0 with one CPU.
uint64_t SettleMemory(size_t cpus) {
  MemoryPlan& plan = boot_memory.plan;
  if (const char* problem = plan.Begin(boot_info)) RefuseToBoot(problem);
  plan.Keep(AddressOf(__image_start), AlignUp(ImageEnd(), kPageBytes));
  KeepInputs(plan);

  AddressSpacePlan& space = boot_memory.space;
  space.memory = plan.left();
  space.modules = {boot_info.modules, boot_info.module_count};
  space.local_apic = DetectLocalApic();
  space.dsdt = firmware.dsdt;
  space.dsdt_bytes = firmware.dsdt_bytes;
  space.sleep_control = firmware.fadt.sleep_control_is_port ? 0 : firmware.fadt.sleep_control_address;
  if (cpus > 1 && (space.trampoline = MemoryPlan::FindLowPage(boot_info)) == 0) {
    RefuseToBoot("no free page below 640 KiB to start the other CPUs from", {}, "boot with cpus=1");
  }

  uint64_t areas_bytes = (cpus - 1) * sizeof(CpuArea);
  uint64_t bytes = AlignUp(areas_bytes + cpus * LoopLocalsBytes(), kPageBytes) + AddressSpaceBytes(space, ImageEnd());
  if (command_line.isolate) bytes += cpus * IsolatedSpaceBytes(space, ImageEnd(), cpus);
  uint64_t begin = plan.Reserve(bytes, ImageEnd());
  if (begin == 0) RefuseToBoot("not enough memory for the page tables", {}, "give the machine more memory (qemu -m)");
  boot_memory.reserve = BootReserve(begin, bytes);
  boot_memory.areas = {static_cast<CpuArea*>(boot_memory.reserve.Take(areas_bytes, kPageBytes)), cpus - 1};
  for (size_t i = 1; i < cpus; ++i) {
    CpuArea& area = boot_memory.areas[i - 1];
    PrepareCpuArea(area, CpuId{i}, cpu_apic_ids[i]);
    SeedFrom(boot_cpu_area.block, area.block);
  }
  space.areas = boot_memory.areas;
  space.memory = plan.left();
  runtime::ReplaceEarlyBlock(TakeThreadLocals());
  for (CpuArea& area : boot_memory.areas) area.block.thread_pointer = reinterpret_cast<uint64_t>(TakeThreadLocals());

  uint64_t root = BuildAddressSpace(space, boot_memory.reserve);
  TORO_CHECK(root != 0, "AddressSpaceBytes reserved too few pages for the page tables");
  if (space.trampoline != 0) PlaceTrampoline(space.trampoline, root);
  UseAddressSpace(root);
  return space.trampoline;
}

// Gives each CPU page tables of its own. The others load them when they are released.
void IsolateCpus(size_t cpus) {
  uint64_t bytes = IsolatedSpaceBytes(boot_memory.space, ImageEnd(), cpus);
  for (size_t i = 0; i < cpus; ++i) {
    CpuBlock& block = i == 0 ? boot_cpu_area.block : boot_memory.areas[i - 1].block;
    auto own = reinterpret_cast<uint64_t>(boot_memory.reserve.Take(bytes, kPageBytes));
    TORO_CHECK(own != 0, "too few pages were reserved for the page tables of isolated CPUs");
    MemoryRange locals{boot_memory.loop_locals + i * LoopLocalsBytes(), LoopLocalsBytes()};
    block.root = BuildIsolatedSpace(CpuId{i}, boot_memory.space, boot_memory.reserve, BootReserve(own, bytes), locals);
    TORO_CHECK(block.root != 0, "too few pages were reserved for the page tables of an isolated CPU");
    SealTables(block.root);
  }
  WriteCr3(boot_cpu_area.block.root);
}

void PrintReport(size_t cpus, uint64_t entry_cycles) {
  Print("toro: ready ");
  uint64_t cycles = Machine::Cycles() - entry_cycles;
  ClockNowNs();  // so that the rate is known: a boot itself does not ask for the time
  PrintDecimal(NsOfCycles(cycles, clock_ns_per_cycle_scaled.load(std::memory_order_relaxed)) / kNsPerUs);
  Print(" us after the kernel's entry\ntoro: image ");
  PrintDecimal((ImageEnd() - AddressOf(__image_start)) / kKiB);
  Print(" KiB, page tables and CPU stacks ");
  PrintDecimal((boot_memory.reserve.end() - boot_memory.reserve.begin()) / kKiB);
  Print(" KiB\n");
  PrintHardening(boot_memory.space, boot_memory.reserve);
  PrintIdle();
  MemoryReport memory(Cluster::Get().nodes(), Cluster::Get().memory(), &Print);
  memory.PrintNodes();
  for (size_t i = 0; i < cpus; ++i) {
    Print("toro: CPU ");
    PrintDecimal(i);
    Print(", APIC id ");
    PrintDecimal(cpu_apic_ids[i]);
    Print(": ");
    memory.PrintShare(CpuId{i});
    Print("\n");
  }
  memory.PrintNotGiven();
}

uint64_t ChooseSeed() { return command_line.has_seed ? command_line.seed : NextRandom(boot_cpu_area.block); }

[[noreturn]] void RefuseForMemory(size_t cpus, size_t large_pages) {
  Print("toro: cannot start: each CPU needs 2 MiB of its own at least, but this machine has memory for ");
  PrintDecimal(large_pages);
  Print(large_pages == 1 ? " CPU and is to use " : " CPUs and is to use ");
  PrintDecimal(cpus);
  Print("; give it more memory (qemu -m), or use fewer CPUs (cpus=N)\n");
  platform::PowerOff(1);
}

void CreateCluster(size_t cpus) {
  size_t large_pages = 0;
  for (const MemoryRange& range : boot_memory.plan.left()) {
    uint64_t begin = AlignUp(range.begin, kLargePageBytes), end = AlignDown(range.end(), kLargePageBytes);
    if (begin < end) large_pages += (end - begin) / kLargePageBytes;
  }
  if (large_pages < cpus) RefuseForMemory(cpus, large_pages);
  ClusterConfig config;
  config.cpus = cpus;
  config.memory = boot_memory.plan.left();
  config.nodes = &node_map;
  config.inputs = {inputs, input_count};
  config.boot_seed = ChooseSeed();
  config.isolated = command_line.isolate;
  config.trace_records = command_line.trace_records;
  Cluster::Create(config);
  if (config.trace_records > 0) ExportTraceAtPowerOff();
}

}  // namespace

// Called by boot.S on the boot CPU's loop stack.
extern "C" [[noreturn]] void KernelEntry(uint32_t magic, uint64_t address) {
  uint64_t entry_cycles = Machine::Cycles();
  BuildInterruptGates();
  PrepareCpuArea(boot_cpu_area, kBootCpu, 0);
  EnterCpuArea(boot_cpu_area);
  SeedFromEntropy(boot_cpu_area.block);
  runtime::StartCanaries();
  InitializeConsole();
  ReadLoader(magic, address);
  ReadCommandLine();
  (new (firmware_place) Firmware)->Read(boot_info.rsdp);
  StartClock(firmware.fadt.pm_timer_port);
  size_t cpus = ChooseCpus();
  ReadNodes(cpus);
  uint64_t trampoline = SettleMemory(cpus);
  EnableLocalApic();
  ReadInputs(magic);
  StartCpus(boot_memory.areas, trampoline, &RunApplicationCpu);
  CreateCluster(cpus);
  WaitForCpus(boot_memory.areas, trampoline);
  if (trampoline != 0) UnmapTrampoline(trampoline);
  if (command_line.isolate) {
    IsolateCpus(cpus);
  } else {
    SealTables(ReadCr3());
    WriteCr3(ReadCr3());
  }
  CheckHardening(boot_memory.areas, command_line.arguments[command_line.argument_count - 1]);
  Cluster::Get().Enter(kBootCpu);
  Cluster::Get().SpawnMain(&runtime::RunMain, command_line.argument_count, command_line.arguments);
  if (command_line.report) PrintReport(cpus, entry_cycles);
  ReleaseCpus();
  RunCpu(kBootCpu);
}

}  // namespace baremetal
}  // namespace toro
