// ./toro bench [FILTER]: measures this kernel beside its peers in one run, and prints a table of ratios. See README.md.
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/bracket.h"
#include "bench/fragmentation.h"
#include "bench/machine_report.h"
#include "bench/pinned_pair.h"
#include "bench/rows.h"
#include "bench/suite.h"
#include "bench/worker.h"

namespace {

using namespace toro::bench;

constexpr char kUsage[] =
    "usage: bench [--smoke] [FILTER]\n"
    "  FILTER   a regular expression: run only the groups whose name matches (a wrong one lists them);\n"
    "           'fragmentation': only what memory the allocators take\n"
    "  --smoke  a few operations of everything, to see that the results are right; no times\n";

struct Options {
  bool smoke = false;
  bool help = false;
  bool worker = false;  // --worker=NEAR,FAR: started by this program itself, see worker.h
  // --fragmentation=ours|malloc,same|other: likewise, see fragmentation.h
  bool fragmentation = false;
  bool ours = false;
  bool other_sizes = false;
  int near_cpu = -1;
  int far_cpu = -1;
  std::string filter;
};

// False: an argument is wrong.
bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--smoke") == 0) {
      options.smoke = true;
    } else if (std::strcmp(argv[i], "--help") == 0) {
      options.help = true;
    } else if (std::sscanf(argv[i], "--worker=%d,%d", &options.near_cpu, &options.far_cpu) == 2) {
      options.worker = true;
    } else if (std::strncmp(argv[i], "--fragmentation=", 16) == 0) {
      options.fragmentation = true;
      options.ours = std::strstr(argv[i], "=ours,") != nullptr;
      options.other_sizes = std::strstr(argv[i], ",other") != nullptr;
    } else if (argv[i][0] == '-' || !options.filter.empty()) {
      return false;
    } else {
      options.filter = argv[i];
    }
  }
  return true;
}

// The first two CPUs that this process may use.
bool ChooseCpus(Options& options, size_t& usable) {
  std::vector<int> cpus = AllowedCpus();
  usable = cpus.size();
  if (cpus.empty()) {
    std::fputs("bench: the kernel does not say which CPUs may be used (sched_getaffinity)\n", stderr);
    return false;
  }
  options.near_cpu = cpus[0];
  if (cpus.size() > 1) options.far_cpu = cpus[1];
  return true;
}

struct Library {
  const char* name;
  const char* file;  // loaded first; empty: nothing
  const char* package;
};
constexpr Library kMallocs[] = {
    {"glibc", "", "libc6"},
    {"mimalloc", "libmimalloc.so.2", "libmimalloc2.0"},
    {"jemalloc", "libjemalloc.so.2", "libjemalloc2"},
    {"tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"},
};

void AddRows(Suite& suite, const PinnedPair& pair, const MallocWorkers& workers) {
  AddRoundTripRows(suite);
  AddOneWayRows(suite);
  AddEmptyPollRows(suite);
  AddSwitchRows(suite);
  AddThreadRows(suite, pair);
  AddTimerRows(suite);
  AddSyncRows(suite);
  AddAllocationRows(suite, workers);
  AddForeignFreeRows(suite, workers);
}

int RunWorker(const Options& options) {
  PinnedPair pair(options.near_cpu, options.far_cpu);
  Bracket bracket(pair, options.smoke);
  Suite suite(bracket, options.smoke);
  MallocWorkers names;
  for (const Library& library : kMallocs) names.peers.push_back({library.name, nullptr});
  AddAllocationRows(suite, names);
  AddForeignFreeRows(suite, names);
  return ServeSamples(bracket, suite.groups());
}

int RunFragmentation(const Options& options) {
  std::vector<FragmentationPeer> peers;
  for (const Library& library : kMallocs) peers.push_back({library.name, library.file});
  return CompareFragmentation(peers, options.smoke);
}

int RunSuite(Options& options) {
  size_t usable_cpus = 0;
  if (!ChooseCpus(options, usable_cpus)) return 1;
  bool preferred = !options.smoke && RaisePriority();
  PinnedPair pair(options.near_cpu, options.far_cpu);
  Bracket bracket(pair, options.smoke);
  std::vector<std::unique_ptr<Worker>> processes;
  MallocWorkers workers;
  for (const Library& library : kMallocs) {
    processes.push_back(std::make_unique<Worker>(library.file, library.package, pair, options.smoke));
    workers.peers.push_back({library.name, processes.back().get()});
  }
  if (!options.smoke) PrintMachine(pair, bracket, usable_cpus, preferred);
  Suite suite(bracket, options.smoke);
  AddRows(suite, pair, workers);
  return suite.Run(options.filter);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  bool understood = Parse(argc, argv, options);
  if (!understood || options.help) {
    std::fputs(kUsage, understood ? stdout : stderr);
    return understood ? 0 : 2;
  }
  if (options.worker) return RunWorker(options);
  if (options.fragmentation) return MeasureFragmentation(options.ours, options.other_sizes, options.smoke);
  const bool only_fragmentation = options.filter == "fragmentation";
  const int status = only_fragmentation ? 0 : RunSuite(options);
  return status == 0 && (only_fragmentation || options.filter.empty()) ? RunFragmentation(options) : status;
}
