// ./toro bench [FILTER]: measures this kernel beside its peers in one run, and prints a table of ratios. See README.md.
#include <cstdio>
#include <cstring>
#include <string>

#include "bench/bracket.h"
#include "bench/machine_report.h"
#include "bench/pinned_pair.h"
#include "bench/rows.h"
#include "bench/suite.h"

namespace {

constexpr char kUsage[] =
    "usage: bench [--smoke] [FILTER]\n"
    "  FILTER   run only the groups whose name contains it (a wrong one lists the groups)\n"
    "  --smoke  a few operations of everything, to see that the results are right; no times\n";

struct Options {
  bool smoke = false;
  std::string filter;
};

// False: `argument` is wrong, or help was asked for.
bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--smoke") == 0) {
      options.smoke = true;
    } else if (argv[i][0] == '-' || !options.filter.empty()) {
      return false;
    } else {
      options.filter = argv[i];
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace toro::bench;
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  Options options;
  if (!Parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::vector<int> cpus = AllowedCpus();
  if (cpus.empty()) {
    std::fputs("bench: the kernel does not say which CPUs may be used (sched_getaffinity)\n", stderr);
    return 1;
  }
  bool preferred = !options.smoke && RaisePriority();
  PinnedPair pair(cpus[0], cpus.size() > 1 ? cpus[1] : -1);
  Bracket bracket(pair, options.smoke);
  if (!options.smoke) PrintMachine(pair, bracket, cpus.size(), preferred);
  Suite suite(bracket, options.smoke);
  AddRoundTripRows(suite);
  AddOneWayRows(suite);
  AddSwitchRows(suite);
  AddEmptyPollRows(suite);
  AddThreadRows(suite, pair);
  return suite.Run(options.filter);
}
