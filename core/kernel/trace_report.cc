#include "core/kernel/trace_report.h"

#include <algorithm>
#include <cstdint>

#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/trace/trace_ring.h"

namespace toro {
namespace {

using Print = void (*)(std::string_view text);

[[gnu::cold]] void PrintNumber(Print print, uint64_t value, unsigned base = 10) {
  char text[24];
  size_t at = sizeof text;
  do {
    text[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  if (base == 16) text[--at] = 'x';
  if (base == 16) text[--at] = '0';
  print({text + at, sizeof text - at});
}

[[gnu::cold]] void PrintThread(Print print, const TraceRecord& record) {
  print(" thread ");
  PrintNumber(print, record.first & 0xffff'ffff);
  print(".");
  PrintNumber(print, record.number);
  print(".");
  PrintNumber(print, record.first >> 32);
}

[[gnu::cold]] void PrintDeadline(Print print, uint64_t deadline_ns) {
  if (deadline_ns == kNever) {
    print(" until it is woken");
    return;
  }
  print(" until ");
  PrintNumber(print, deadline_ns / kNsPerUs);
  print(" us");
}

[[gnu::cold]] void PrintEvent(Print print, const TraceRecord& record) {
  switch (record.event) {
    case TraceEvent::kNone: return;
    case TraceEvent::kSpawn: print("spawn"); return PrintThread(print, record);
    case TraceEvent::kEnd: print("end of"); return PrintThread(print, record);
    case TraceEvent::kWait: print("wait of"); return PrintThread(print, record);
    case TraceEvent::kReady: print("ready:"); return PrintThread(print, record);
    case TraceEvent::kArrive: print("arrival of"); return PrintThread(print, record);
    case TraceEvent::kTimer: print("timer of"); return PrintThread(print, record);
    case TraceEvent::kLeave:
      print("departure of");
      PrintThread(print, record);
      print(" to CPU ");
      return PrintNumber(print, record.second);
    case TraceEvent::kSleepUntil:
      print("sleep of");
      PrintThread(print, record);
      return PrintDeadline(print, record.second);
    case TraceEvent::kHalt:
      print("halt");
      PrintDeadline(print, record.first);
      print(", after ");
      PrintNumber(print, record.second);
      return print(" wake-ups sent");
    case TraceEvent::kAwake: return print("awake");
    case TraceEvent::kOutOfMemory: print("out of memory, bytes in use "); return PrintNumber(print, record.first);
    case TraceEvent::kFault:
      print("fault ");
      PrintNumber(print, record.number);
      print(" at ");
      PrintNumber(print, record.first, 16);
      print(", address ");
      return PrintNumber(print, record.second, 16);
    case TraceEvent::kShutdown: return print("asked to stop");
    case TraceEvent::kName: return;
    case TraceEvent::kRun: print("run of"); return PrintThread(print, record);
    case TraceEvent::kStop: return print("back in the loop");
    case TraceEvent::kDeliver: return print("messages");
    case TraceEvent::kSent: print("sent to CPU "); return PrintNumber(print, record.number);
    case TraceEvent::kTaken: print("taken from CPU "); return PrintNumber(print, record.number);
  }
}

void PrintRing(Print print, size_t cpu, const TraceRing& ring) {
  uint64_t shown = std::min(ring.kept(), uint64_t{kReportedEvents});
  for (uint64_t age = shown; age-- > 0;) {
    print("  CPU ");
    PrintNumber(print, cpu);
    print(": [");
    PrintNumber(print, ring.newest(age).stamp);
    print("] ");
    PrintEvent(print, ring.newest(age));
    print("\n");
  }
}

}  // namespace

// Reads the rings of all CPUs, which are halted or may write meanwhile.
void PrintTrace(Print print) TORO_NO_AFFINITY {
  if (Cpu::CurrentOrNull() == nullptr) return;
  Cluster& cluster = Cluster::Get();
  bool recorded = cluster.cpu(kBootCpu).scheduler().trace().recorded();
  print(recorded ? "  last events, [ns]:\n" : "  last events, [cycles]:\n");
  for (size_t i = 0; i < cluster.cpus(); ++i) PrintRing(print, i, cluster.cpu(CpuId{i}).scheduler().trace());
}

}  // namespace toro
