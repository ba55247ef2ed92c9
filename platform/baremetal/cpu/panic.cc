#include "platform/baremetal/cpu/panic.h"

#include <atomic>

#include "core/base/check.h"
#include "core/base/units.h"
#include "core/machine/platform_services.h"
#include "platform/baremetal/cpu/address_space.h"
#include "platform/baremetal/cpu/clock.h"
#include "platform/baremetal/cpu/console.h"
#include "platform/baremetal/cpu/cpu_area.h"
#include "platform/baremetal/cpu/cpu_table.h"
#include "platform/baremetal/cpu/image_layout.h"
#include "platform/baremetal/cpu/line_table.h"
#include "platform/baremetal/cpu/local_apic.h"
#include "platform/baremetal/cpu/privileged.h"
#include "platform/baremetal/cpu/symbol_table.h"
#include "platform/x86_64/cpu_instructions.h"

namespace toro {
namespace baremetal {
namespace {

// The CPU that reports, or this. An exchange decides: it is the end of the machine, and two CPUs may come to it at
// once.
constexpr uint32_t kNobody = ~uint32_t{0};
constinit std::atomic<uint32_t> reporter{kNobody};

// Where a CPU was when it was stopped; ip is 0 until then. Written by that CPU, read by the one that reports.
struct StoppedAt {
  std::atomic<uint64_t> ip{0};
  std::atomic<uint64_t> frame{0};
};
constinit StoppedAt stopped_at[kMaxCpus];

constexpr int kLinesOfStoppedCpu = 6;
constexpr int kMostFrames = 100'000;  // a recursion that filled a stack

bool IsCode(uint64_t address) { return address >= AddressOf(__image_start) && address < AddressOf(__text_end); }

// One CPU at a time: the one that reports, or, before that, the one that prints a stall (stall_watch.cc).
constinit BitDecoder::Models models{};

SymbolTable Symbols() { return SymbolTable(__symbols_start, AddressOf(__image_start), models); }

// The offset from the begin of the function.
uint64_t PrintNameOfCode(uint64_t address) {
  SymbolTable symbols = Symbols();
  SymbolTable::Hit hit = IsCode(address) ? symbols.Find(address) : SymbolTable::Hit{"(no code)"};
  Print(hit.name.empty() ? "(unnamed)" : hit.name);
  return hit.offset_bytes;
}

void PrintLineOfCode(uint64_t address) {
  const unsigned char* table = Symbols().lines();
  if (table == nullptr) return;
  LineTable lines(table, AddressOf(__image_start), models);
  LineTable::Hit place = lines.Find(address);
  if (place.line == 0) return;
  Print(" (");
  Print(place.file);
  Print(":");
  PrintDecimal(place.line);
  Print(")");
}

void PrintCodeAddress(int number, uint64_t address) {
  Print("  #");
  PrintDecimal(static_cast<uint64_t>(number));
  Print(" ");
  PrintHex(address, 8);
  if (IsCode(address)) {
    Print(" ");
    uint64_t offset_bytes = PrintNameOfCode(address);
    Print("+");
    PrintHex(offset_bytes);
    PrintLineOfCode(address);
  }
  Print("\n");
}

// A recursion is one line, however deep.
void PrintRepeated(uint64_t times) {
  if (times == 0) return;
  Print("     the same call, ");
  PrintDecimal(times);
  Print(times == 1 ? " more time\n" : " more times\n");
}

}  // namespace

void BeginPanic() {
  DisableInterrupts();
  uint32_t self = static_cast<uint32_t>(CurrentCpuBlock().id.index());
  uint32_t owner = kNobody;
  if (!reporter.compare_exchange_strong(owner, self)) {
    if (owner != self) HaltForEver();
    Print("\ntoro: another failure while reporting this one; powering off\n");
    platform::PowerOff(kPanicStatus);
  }
  StopOtherCpus();
}

bool IsReporting() { return reporter.load() == CurrentCpuBlock().id.index(); }

void PrintWhere(CpuId cpu, std::string_view end) {
  Print("  on CPU ");
  PrintDecimal(cpu.index());
  if (CurrentThreadName != nullptr) {
    Print(", thread ");
    Print(CurrentThreadName());
  }
  Print(end);
  Print("\n");
}

void PrintBacktrace(uint64_t ip, uint64_t frame, int most_lines) {
  int number = 0;
  uint64_t repeated = 0, last = ip;
  if (ip != 0) PrintCodeAddress(number++, ip);
  for (int walked = 0; walked < kMostFrames && frame % 8 == 0 && IsMapped(frame, 16); ++walked) {
    const uint64_t* words = reinterpret_cast<const uint64_t*>(frame);
    if (words[1] == 0) break;
    uint64_t address = words[1] - 1;  // in the call, not behind it
    if (address == last) {
      ++repeated;
    } else {
      PrintRepeated(repeated);
      repeated = 0;
      if (number == most_lines) {
        Print("  ... and deeper\n");
        return;
      }
      PrintCodeAddress(number++, address);
    }
    last = address;
    if (words[0] <= frame) break;  // stacks grow down: whatever this is, it is not a caller's frame
    frame = words[0];
  }
  PrintRepeated(repeated);
}

void PrintFrames(const uint64_t* addresses, uint64_t count) {
  uint64_t repeated = 0;
  int number = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (i > 0 && addresses[i] == addresses[i - 1]) {
      ++repeated;
      continue;
    }
    PrintRepeated(repeated);
    repeated = 0;
    PrintCodeAddress(number++, addresses[i]);
  }
  PrintRepeated(repeated);
}

void WaitForStoppedCpus() {
  constexpr uint64_t kMostWaitNs = 100 * kNsPerMs;
  uint64_t start_ns = ClockNowNs();
  for (size_t i = 0; i < kMaxCpus; ++i) {
    bool runs = cpu_apic_ids[i] != cpu_apic_ids[0] && cpu_apic_ids[i] != 0 && i != CurrentCpuBlock().id.index();
    if (i == 0 && CurrentCpuBlock().id != kBootCpu) runs = true;
    while (runs && stopped_at[i].ip.load(std::memory_order_acquire) == 0 && ClockNowNs() - start_ns < kMostWaitNs) {
      x86_64::Pause();
    }
  }
}

void HaltForReport(uint64_t ip, uint64_t frame) {
  StoppedAt& self = stopped_at[CurrentCpuBlock().id.index()];
  self.frame.store(frame, std::memory_order_relaxed);
  self.ip.store(ip, std::memory_order_release);
  HaltForEver();
}

void EndPanic() {
  WaitForStoppedCpus();
  for (size_t i = 0; i < kMaxCpus; ++i) {
    uint64_t ip = stopped_at[i].ip.load(std::memory_order_acquire);
    if (ip == 0) continue;
    Print("  CPU ");
    PrintDecimal(i);
    Print(" was in thread ");
    Print(ThreadNameOf != nullptr ? ThreadNameOf(CpuId{i}) : "(unknown)");
    Print("\n");
    PrintBacktrace(ip, stopped_at[i].frame.load(std::memory_order_relaxed), kLinesOfStoppedCpu);
  }
  if (PrintTrace != nullptr) PrintTrace(&Print);
  platform::PowerOff(kPanicStatus);
}

void RefuseToBoot(std::string_view cause, std::string_view detail, std::string_view remedy) {
  Print("toro: cannot start: ");
  Print(cause);
  if (!detail.empty()) {
    Print(" '");
    Print(detail);
    Print("'");
  }
  if (!remedy.empty()) {
    Print("; ");
    Print(remedy);
  }
  Print("\n");
  platform::PowerOff(1);
}

namespace {

void PrintCheckHeader(const char* file, int line) {
  Print("\ntoro: fatal: ");
  Print(file);
  Print(":");
  PrintDecimal(static_cast<uint64_t>(line));
  Print(": ");
}

[[noreturn]] void FinishCheckReport(void* frame) {
  Print("\n");
  PrintWhere(CurrentCpuBlock().id);
  PrintBacktrace(0, reinterpret_cast<uint64_t>(frame));
  EndPanic();
}

}  // namespace

void ReportUncaughtException(const char* text, const uint64_t* frames, uint64_t frame_count) {
  BeginPanic();
  Print("\ntoro: fatal: ");
  Print(text);
  Print("\n");
  PrintWhere(CurrentCpuBlock().id);
  PrintFrames(frames, frame_count);
  EndPanic();
}

}  // namespace baremetal

void CheckFailed(const char* file, int line, const char* expression, const char* message) {
  baremetal::BeginPanic();
  baremetal::PrintCheckHeader(file, line);
  baremetal::Print("check failed: ");
  baremetal::Print(expression);
  if (message != nullptr) {
    baremetal::Print(": ");
    baremetal::Print(message);
  }
  baremetal::FinishCheckReport(__builtin_frame_address(0));
}

// Called by a function that -fstack-protector-strong guards, when it is about to return by a frame that was
// overwritten.
extern "C" [[noreturn]] void __stack_chk_fail() {
  baremetal::BeginPanic();
  uint64_t caller = reinterpret_cast<uint64_t>(__builtin_return_address(0)) - 1;
  baremetal::Print("\ntoro: fatal: stack overrun: a function wrote beyond an array of its frame: ");
  (void)baremetal::PrintNameOfCode(caller);
  baremetal::Print("\n");
  baremetal::PrintWhere(baremetal::CurrentCpuBlock().id, "");
  baremetal::PrintBacktrace(caller, *static_cast<uint64_t*>(__builtin_frame_address(0)));
  baremetal::EndPanic();
}

void CheckFailedAt(const char* file, int line, const char* message, const void* address) {
  baremetal::BeginPanic();
  baremetal::PrintCheckHeader(file, line);
  baremetal::Print(message);
  baremetal::Print(" [address ");
  baremetal::PrintHex(reinterpret_cast<uint64_t>(address));
  baremetal::Print("]");
  baremetal::FinishCheckReport(__builtin_frame_address(0));
}

}  // namespace toro
