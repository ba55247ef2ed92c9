// The command line of a hosted program: options of the kernel, then `--`, then the arguments of the application.
#ifndef PLATFORM_HOSTED_OPTIONS_H_
#define PLATFORM_HOSTED_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/hosted/network_options.h"
#include "platform/hosted/node_options.h"
#include "platform/hosted/run_choices.h"
#include "platform/hosted/seed_sweep.h"

namespace toro::hosted {

struct Options {
  size_t cpus = 2;
  size_t memory_mib = 128;
  NodeOptions nodes;
  NetworkOptions network;
  bool report = false;              // print who got what memory, before main
  std::vector<std::string> inputs;  // paths
  bool deterministic = false;       // --seed was given
  uint64_t seed = 0;
  uint64_t steps = 0;   // the deterministic executor stops after so many; 0: no bound
  RunChoices choices;   // of the deterministic executor
  bool sweeps = false;  // --seeds was given
  Sweep sweep;
  uint64_t watchdog_ms = 0;  // 0: no watch
  bool watchdog_powers_off = false;
  std::string trace;                // where to write the recorded trace; empty: it is not recorded
  uint64_t trace_records = 16'384;  // of each CPU
  bool given_trace_records = false;
  bool trace_hash = false;  // print the hash of the step trace at the end
  bool help = false;
  std::vector<std::string> arguments;  // of the application, without its name
};

// Parses argv[1..]. Returns an empty string, or what is wrong and how to do it right.
std::string ParseOptions(int argc, const char* const* argv, Options& options);

// The text of --help.
std::string Usage(const std::string& program);

}  // namespace toro::hosted

#endif  // PLATFORM_HOSTED_OPTIONS_H_
