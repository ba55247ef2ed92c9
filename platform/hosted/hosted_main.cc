// The composition root of the hosted world: process start, options, memory, cluster, executor.
//
// The application defines an ordinary main(). The linker hands the C library's start function to us instead
// (--wrap=__libc_start_main), so that this file runs first, on the process's own stack, and the application's main
// becomes the first thread of CPU 0.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "core/kernel/cpu.h"
#include "core/kernel/memory_report.h"
#include "core/kernel/shutdown.h"
#include "core/kernel/trace_export.h"
#include "core/kernel/trace_report.h"
#include "core/machine/simulation.h"
#include "platform/hosted/deterministic_executor.h"
#include "platform/hosted/executor.h"
#include "platform/hosted/fault_handler.h"
#include "platform/hosted/options.h"
#include "platform/hosted/parallel_executor.h"
#include "platform/simulator/checkers.h"

namespace toro::hosted {
namespace {

using Main = int (*)(int, char**);

Main application_main = nullptr;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "toro: error: %s\n", what.c_str());
  _exit(2);
}

// Where partitions begin when the address is free: a fixed place makes runs with one seed alike in every address.
constexpr uintptr_t kPreferredBase = 0x100000000000;

MemoryRange ReserveMemory(size_t bytes) {
  void* memory = mmap(reinterpret_cast<void*>(kPreferredBase), bytes + kLargePageBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) Fail("cannot reserve " + std::to_string(bytes / kMiB) + " MiB; use less --memory");
  return {AlignUp(reinterpret_cast<uintptr_t>(memory), kLargePageBytes), bytes};
}

InputFile MapInput(const std::string& path) {
  int file = open(path.c_str(), O_RDONLY);
  if (file < 0) Fail("input file '" + path + "': " + std::strerror(errno));
  struct stat status;
  if (fstat(file, &status) != 0) Fail("input file '" + path + "': " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) Fail("input file '" + path + "' is not a regular file");
  size_t bytes = static_cast<size_t>(status.st_size);
  const char* contents = "";
  if (bytes > 0) {
    void* memory = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) Fail("input file '" + path + "': " + std::strerror(errno));
    contents = static_cast<const char*>(memory);
  }
  close(file);
  return {path, {contents, bytes}};
}

void DescribeCurrent(char* text, size_t bytes) {
  Cpu* cpu = Cpu::CurrentOrNull();
  if (cpu == nullptr) {
    std::snprintf(text, bytes, "no CPU");
  } else {
    std::snprintf(text, bytes, "CPU %zu, thread %s", cpu->id().index(), CurrentThreadName());
  }
}

Cluster& CreateCluster(const ClusterConfig& config, const Options& options) {
  Cluster& cluster = Cluster::Create(config);
  if (!options.report) return cluster;
  auto write = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
  MemoryReport memory(cluster.nodes(), cluster.memory(), write);
  memory.PrintNodes();
  for (size_t cpu = 0; cpu < cluster.cpus(); ++cpu) {
    std::fprintf(stderr, "toro: CPU %zu: ", cpu);
    memory.PrintShare(CpuId{cpu});
    std::fputc('\n', stderr);
  }
  memory.PrintNotGiven();
  return cluster;
}

std::FILE* trace_file = nullptr;

void WriteTraceFile() {
  ExportTrace([](const void* data, size_t bytes) { std::fwrite(data, 1, bytes, trace_file); });
  if (std::fclose(trace_file) != 0) std::fprintf(stderr, "toro: error: the trace: %s\n", std::strerror(errno));
}

// Opened before the run: a path that is wrong must not cost a run.
void OpenTraceFile(const std::string& path) {
  if (path.empty()) return;
  trace_file = std::fopen(path.c_str(), "wb");
  if (trace_file == nullptr) Fail("trace file '" + path + "': " + std::strerror(errno));
  export_trace = &WriteTraceFile;
}

int HostedMain(int argc, char** argv, char**) {
  static Options options;
  std::string error = ParseOptions(argc, argv, options);
  if (!error.empty()) Fail(error);
  if (options.help) {
    std::fputs(Usage(argv[0]).c_str(), stdout);
    return 0;
  }
  if (options.memory_mib * kMiB / options.cpus < kLeastPartitionBytes) {
    Fail(std::to_string(options.memory_mib) + " MiB are too little for " + std::to_string(options.cpus) +
         " CPUs; each needs 2 MiB at least: --memory=" + std::to_string(options.cpus * kLeastPartitionBytes / kMiB));
  }
  static std::vector<InputFile> inputs;
  for (const std::string& path : options.inputs) inputs.push_back(MapInput(path));
  if (options.sweeps) options.seed = SweepSeeds(options.sweep);
  static std::vector<char*> arguments{argv[0]};
  for (std::string& argument : options.arguments) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  if (!options.network.cards.empty()) {
    if (StartNetwork == nullptr)
      Fail("this application dedicates no network card: leave --nic, --forward and --tap out");
    if (error = StartNetwork(options.network); !error.empty()) Fail(error);
  }
  describe_current = &DescribeCurrent;
  report_trace = &PrintTrace;
  note_shutdown_request = &NoteShutdownRequest;
  OpenTraceFile(options.trace);
  InstallFaultHandlers();
  AskForStallWatch(options.watchdog_ms * kNsPerMs,
                   options.watchdog_powers_off ? platform::StallPolicy::kPowerOff : platform::StallPolicy::kReport);
  InstallTerminateHandler();
  MemoryRange memory = ReserveMemory(options.memory_mib * kMiB / kLargePageBytes * kLargePageBytes);
  memory_begin = memory.begin;
  if constexpr (Simulation::kOn) simulator::checkers.memory.Begin(memory.begin, memory.bytes);
  ClusterConfig config;
  config.cpus = options.cpus;
  config.memory = {&memory, 1};
  static NodeMap nodes = MakeNodeMap(options.nodes, memory.begin);
  config.nodes = &nodes;
  config.inputs = inputs;
  config.boot_seed = options.seed;
  config.single_step = options.deterministic;
  config.trace_records = options.trace.empty() ? 0 : options.trace_records;
  int application_argc = static_cast<int>(arguments.size()) - 1;
  if (options.deterministic) {
    static DeterministicExecutor executor(options.cpus, options.seed, options.choices, options.steps,
                                          options.trace_hash);
    SetExecutor(executor);
    Cluster& cluster = CreateCluster(config, options);
    cluster.SpawnMain(application_main, application_argc, arguments.data());
    executor.Run(cluster);
  }
  static ParallelExecutor executor(options.cpus);
  SetExecutor(executor);
  Cluster& cluster = CreateCluster(config, options);
  cluster.SpawnMain(application_main, application_argc, arguments.data());
  executor.Run(cluster);
}

}  // namespace
}  // namespace toro::hosted

extern "C" int __real___libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(),
                                        void (*fini)(), void (*rtld_fini)(), void* stack_end);

extern "C" int __wrap___libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(),
                                        void (*fini)(), void (*rtld_fini)(), void* stack_end) {
  toro::hosted::application_main = reinterpret_cast<toro::hosted::Main>(reinterpret_cast<void*>(main));
  return __real___libc_start_main(&toro::hosted::HostedMain, argc, argv, init, fini, rtld_fini, stack_end);
}
