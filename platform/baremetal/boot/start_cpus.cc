#include "platform/baremetal/boot/start_cpus.h"

#include <atomic>

#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/boot/build_address_space.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/machine_backend.h"
#include "platform/baremetal/cpu/panic.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/x86_64/cpu_instructions.h"

extern "C" {
extern const unsigned char trampoline_begin[], trampoline_root[], trampoline_end[];
// Read by trampoline.S.
constinit uint32_t application_cpu_count = 0;
constinit uint32_t application_cpu_apic_ids[toro::kMaxCpus] = {};
constinit uint64_t application_cpu_stacks[toro::kMaxCpus] = {};
constinit uint64_t application_cpu_thread_pointers[toro::kMaxCpus] = {};
}

namespace toro::baremetal {
namespace {

constinit std::span<CpuArea> all_areas;
using RunFunction = void (*)(CpuId);
constinit RunFunction run_cpu = nullptr;
constinit std::atomic<bool> arrived[kMaxCpus] = {};
constinit std::atomic<bool> released{false};

constexpr uint64_t kMostStartNs = kNsPerSecond;
constexpr uint64_t kSecondTryNs = 200 * kNsPerUs;  // between the two start-up interrupts [sdm3 9.4.4]
constexpr uint32_t kPollsBeforeClock = 100'000;    // so that a normal boot does not ask for the time

bool HasArrived(size_t index) { return arrived[index].load(std::memory_order_acquire); }

// The slow end of the wait: a CPU that missed its first start-up interrupt gets a second one.
void InsistOnCpu(size_t index, uint32_t apic_id, uint64_t page) {
  uint64_t start_ns = ClockNowNs();
  bool tried_again = false;
  while (!HasArrived(index)) {
    uint64_t waited_ns = ClockNowNs() - start_ns;
    if (waited_ns > kSecondTryNs && !tried_again) {
      SendStartUp(apic_id, static_cast<uint8_t>(page / kPageBytes));
      tried_again = true;
    }
    if (waited_ns > kMostStartNs) {
      Print("toro: cannot start: CPU ");
      PrintDecimal(index);
      Print(" (APIC id ");
      PrintDecimal(apic_id);
      Print(") did not come up within 1 s; boot with cpus=");
      PrintDecimal(index);
      Print("\n");
      platform::PowerOff(1);
    }
    x86_64::Pause();
  }
}

}  // namespace

void PlaceTrampoline(uint64_t page, uint64_t root) {
  auto* to = reinterpret_cast<unsigned char*>(page);
  for (const unsigned char* from = trampoline_begin; from != trampoline_end; ++from) *to++ = *from;
  *reinterpret_cast<uint32_t*>(page + static_cast<uint64_t>(trampoline_root - trampoline_begin)) =
      static_cast<uint32_t>(root);
}

void StartCpus(std::span<CpuArea> areas, uint64_t page, void (*run)(CpuId)) {
  all_areas = areas;
  run_cpu = run;
  for (size_t i = 0; i < areas.size(); ++i) {
    application_cpu_apic_ids[i + 1] = areas[i].block.apic_id;
    application_cpu_stacks[i + 1] = areas[i].loop.top();
    application_cpu_thread_pointers[i + 1] = areas[i].block.thread_pointer;
  }
  application_cpu_count = static_cast<uint32_t>(areas.size()) + 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  for (const CpuArea& area : areas) SendInit(area.block.apic_id);
  for (const CpuArea& area : areas) SendStartUp(area.block.apic_id, static_cast<uint8_t>(page / kPageBytes));
}

void WaitForCpus(std::span<CpuArea> areas, uint64_t page) {
  for (size_t i = 0; i < areas.size(); ++i) {
    for (uint32_t poll = 0; poll < kPollsBeforeClock && !HasArrived(i + 1); ++poll) x86_64::Pause();
    if (!HasArrived(i + 1)) InsistOnCpu(i + 1, areas[i].block.apic_id, page);
  }
}

void ReleaseCpus() {
  released.store(true, std::memory_order_release);
  for (const CpuArea& area : all_areas) SendWake(area.block.apic_id);
}

// Called by trampoline.S on the CPU's own loop stack, with the thread pointer of its loop.
extern "C" [[noreturn]] void ApplicationCpuEntry(uint32_t index) {
  EnterCpuArea(all_areas[index - 1]);
  UseAddressSpace(0);
  EnableLocalApic();
  arrived[index].store(true, std::memory_order_release);
  // Halted, not polling: each PAUSE of an emulated CPU takes the lock that every device access of the boot CPU needs,
  // and starves it for milliseconds. A wake-up between the test and the HLT is pending, and ends the HLT at once.
  while (!released.load(std::memory_order_acquire)) {
    platform::HaltCpu(kNever);
    DisableInterrupts();
  }
  // Forgets the trampoline.
  WriteCr3(CurrentCpuBlock().root != 0 ? CurrentCpuBlock().root : ReadCr3());
  run_cpu(CpuId{index});
  HaltForEver();
}

}  // namespace toro::baremetal
