#include "bench/machine_report.h"

#include <cpuid.h>
#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>

#include "bench/series.h"

namespace toro::bench {
namespace {

// The value of the first line of `path` that begins with `key`, or "unknown".
std::string LineOf(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    size_t value = line.find_first_not_of(" \t:", key.size());
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "unknown";
}

std::string Hypervisor() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  __get_cpuid(1, &eax, &ebx, &ecx, &edx);
  if ((ecx >> 31 & 1) == 0) return "none seen";
  __cpuid(0x40000000, eax, ebx, ecx, edx);
  char name[13] = {};
  std::memcpy(name, &ebx, 4);
  std::memcpy(name + 4, &ecx, 4);
  std::memcpy(name + 8, &edx, 4);
  return name;
}

void PrintPlacements(Bracket& bracket) {
  constexpr int kLooks = 60;
  std::map<Placement, std::vector<double>> seen;
  for (int i = 0; i < kLooks; ++i) {
    double round_trip_ns = bracket.PingPongNs();
    seen[PlacementOf(round_trip_ns)].push_back(round_trip_ns);
  }
  std::printf("ping-pong between them:");
  for (const auto& [placement, values] : seen) {
    auto [least, most] = std::minmax_element(values.begin(), values.end());
    std::printf("  %s %.0f ns (%.0f..%.0f, %zu of %d looks)", PlacementName(placement), Median(values), *least, *most,
                values.size(), kLooks);
  }
  std::printf("\n");
}

}  // namespace

std::vector<int> AllowedCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

void PrintMachine(const PinnedPair& pair, Bracket& bracket, size_t usable_cpus, bool preferred) {
  utsname kernel;
  uname(&kernel);
  std::printf("processor: %s, family %s model %s\n", LineOf("/proc/cpuinfo", "model name").c_str(),
              LineOf("/proc/cpuinfo", "cpu family").c_str(), LineOf("/proc/cpuinfo", "model\t").c_str());
  std::printf("machine: %zu CPUs usable, hypervisor: %s, %s %s, compiler %s\n", usable_cpus, Hypervisor().c_str(),
              kernel.sysname, kernel.release, __VERSION__);
  std::printf("load of the last minute: %s\n", LineOf("/proc/loadavg", "").substr(0, 4).c_str());
  std::printf("priority: %s\n", preferred ? "real time, lowest" : "ordinary (no right to raise it)");
  if (!pair.has_far()) {
    std::printf("pinning: CPU %d; only one CPU may be used, so the cross-CPU groups are left out\n", pair.near_cpu());
    return;
  }
  std::printf("pinning: near CPU %d, far CPU %d\n", pair.near_cpu(), pair.far_cpu());
  PrintPlacements(bracket);
}

}  // namespace toro::bench
