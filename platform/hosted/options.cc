#include "platform/hosted/options.h"

#include <charconv>
#include <string_view>

#include "core/base/cpu_id.h"
#include "core/base/units.h"
#include "core/machine/simulation.h"
#include "core/trace/trace_ring.h"
#include "platform/simulator/fault_plan.h"
#include "platform/simulator/store_buffers.h"

namespace toro::hosted {
namespace {

bool ParseNumber(std::string_view text, uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string BadNumber(std::string_view option, std::string_view text, const std::string& range) {
  return std::string(option) + "=" + std::string(text) + ": expected a number, " + range;
}

std::string ParseOrder(std::string_view text, simulator::OrderKind& order) {
  if (text == "uniform") {
    order = simulator::OrderKind::kUniform;
  } else if (text == "priority") {
    order = simulator::OrderKind::kPriority;
  } else if (text == "swarm") {
    order = simulator::OrderKind::kSwarm;
  } else {
    return "--order=" + std::string(text) + ": expected uniform, priority or swarm";
  }
  return "";
}

std::string ParseOne(std::string_view key, std::string_view text, Options& options) {
  uint64_t number = 0;
  if (key == "--cpus") {
    if (!ParseNumber(text, number) || number < 1 || number > kMaxCpus) {
      return BadNumber(key, text, "1 to " + std::to_string(kMaxCpus));
    }
    options.cpus = number;
  } else if (key == "--memory") {
    if (!ParseNumber(text, number) || number < 2 || number > (1u << 24))
      return BadNumber(key, text, "2 to 16777216 MiB");
    options.memory_mib = number;
  } else if (key == "--nodes") {
    return ParseNodes(text, options.nodes);
  } else if (key == "--distances") {
    return ParseDistances(text, options.nodes);
  } else if (key == "--input") {
    if (text.empty()) return "--input=: expected the path of a file";
    options.inputs.emplace_back(text);
  } else if (key == "--seed") {
    if (!ParseNumber(text, options.seed)) return BadNumber(key, text, "0 to 18446744073709551615");
    options.deterministic = true;
  } else if (key == "--watchdog") {
    constexpr std::string_view kPowerOff = ",poweroff";
    options.watchdog_powers_off = text.ends_with(kPowerOff);
    if (options.watchdog_powers_off) text.remove_suffix(kPowerOff.size());
    if (!ParseNumber(text, options.watchdog_ms) || options.watchdog_ms < 1 || options.watchdog_ms > 3'600'000) {
      return BadNumber(key, text, "1 to 3600000 ms, and perhaps ,poweroff");
    }
  } else if (Simulation::kOn && key == "--seeds") {
    const size_t dots = text.find("..");
    if (dots == std::string_view::npos || !ParseNumber(text.substr(0, dots), options.sweep.first) ||
        !ParseNumber(text.substr(dots + 2), options.sweep.last) || options.sweep.first > options.sweep.last) {
      return "--seeds=" + std::string(text) + ": expected FIRST..LAST";
    }
    options.deterministic = options.sweeps = true;
  } else if (Simulation::kOn && key == "--jobs") {
    if (!ParseNumber(text, number) || number < 1 || number > 1024) return BadNumber(key, text, "1 to 1024");
    options.sweep.jobs = number;
  } else if (Simulation::kOn && key == "--again") {
    options.sweep.again = text;
  } else if (Simulation::kOn && key == "--order") {
    return ParseOrder(text, options.choices.order);
  } else if (Simulation::kOn && key == "--store-delay") {
    uint64_t most = uint64_t{1} << simulator::StoreBuffers::kMostDelayBits;
    if (!ParseNumber(text, number) || number >= most) return BadNumber(key, text, "0 to " + std::to_string(most - 1));
    options.choices.most_store_delay = number;
  } else if (Simulation::kOn && key == "--faults") {
    std::string error = simulator::fault_plan.Parse(text);
    return error.empty() ? error : "--faults=" + std::string(text) + ": " + error;
  } else if (key == "--trace") {
    if (text.empty()) return "--trace=: expected the path of the file to write";
    options.trace = text;
  } else if (key == "--trace-records") {
    if (!ParseNumber(text, options.trace_records) || !IsPowerOfTwo(options.trace_records) ||
        options.trace_records < kLeastTraceRecords || options.trace_records > kMostTraceRecords) {
      return BadNumber(key, text, "a power of two from 64 to 16777216");
    }
    options.given_trace_records = true;
  } else if (key == "--steps") {
    if (!ParseNumber(text, options.steps) || options.steps == 0) return BadNumber(key, text, "1 or more");
  } else if (std::string error; ParseNetworkOption(key, text, options.network, error)) {
    return error;
  } else {
    return "unknown option '" + std::string(key) +
           "'; --help lists the options; arguments of the application follow --";
  }
  return "";
}

}  // namespace

std::string ParseOptions(int argc, const char* const* argv, Options& options) {
  bool has_cpus = false, has_memory = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--") {
      options.arguments.assign(argv + i + 1, argv + argc);
      break;
    }
    if (word == "--help") {
      options.help = true;
      return "";
    }
    if (word == "--report") {
      options.report = true;
      continue;
    }
    if (Simulation::kOn && word == "--list-faults") {
      options.choices.list_faults = true;
      continue;
    }
    if (word == "--trace-hash") {
      options.trace_hash = true;
      continue;
    }
    size_t equals = word.find('=');
    if (word.substr(0, 2) != "--" || equals == std::string_view::npos) {
      return "unexpected '" + std::string(word) + "'; options are --NAME=VALUE, arguments of the application follow --";
    }
    std::string_view key = word.substr(0, equals);
    std::string error = ParseOne(key, word.substr(equals + 1), options);
    if (!error.empty()) return error;
    has_cpus = has_cpus || key == "--cpus";
    has_memory = has_memory || key == "--memory";
  }
  if (options.given_trace_records && options.trace.empty()) {
    return "--trace-records says how much of the trace --trace=FILE keeps; add that, or leave it out";
  }
  if ((options.steps != 0 || options.trace_hash) && !options.deterministic) {
    return "--steps and --trace-hash need --seed=N: only the deterministic executor counts steps";
  }
  if (Simulation::kOn && !options.deterministic) return "the simulator needs --seed=N or --seeds=FIRST..LAST";
  std::string error = SettleNetwork(options.deterministic, options.network);
  if (!error.empty()) return error;
  return SettleNodes(has_cpus, has_memory, options.cpus, options.memory_mib, options.nodes);
}

std::string Usage(const std::string& program) {
  const char* simulator =
      Simulation::kOn
          ? "  --seeds=A..B     the seeds from A to B, each in a process of its own; the first that fails is named\n"
            "  --jobs=N         with --seeds: so many at a time (1)\n"
            "  --again=COMMAND  with --seeds: how the report says to run the seed again for which SEED stands\n"
            "  --order=NAME     who steps: uniform, priority, swarm (swarm)\n"
            "  --store-delay=N  the most ticks that a store stays invisible to others, 0 to 65535 (by seed)\n"
            "  --faults=PLAN    none, swarm, or a list of faults: NAME, NAME=N (one time in N), NAME@N (the N-th) "
            "(none)\n"
            "  --list-faults    a run that fails says which faults happened\n"
            "This is the simulator: see docs/simulator.md.\n"
          : "Without --seed each CPU is a pinned thread of this process.\n";
  return "usage: " + program +
         " [OPTION]... [-- ARGUMENT...]\n"
         "  --cpus=N         simulated CPUs, 1 to 256 (2)\n"
         "  --memory=MIB     memory to divide between them (128)\n"
         "  --nodes=N        the machine has N nodes with equal parts of CPUs and memory\n"
         "  --nodes=MIB:CPUS,MIB:CPUS,...  it has these; --cpus and --memory can be left out\n"
         "  --distances=10,20/20,10  from each node (a row) to each; without: 10 to itself, 20 to others\n"
         "  --report         print who got what memory on standard error, before main\n"
         "  --nic=CARD       a network card, e1000 or e1000e; may be repeated\n"
         "  --forward=8080:80  port 8080 of 127.0.0.1 leads to port 80 of the first card's owner; udp:HOST:GUEST for "
         "UDP\n"
         "  --tap=NAME       the first card is on this tap device\n"
         "  --wire=HERE,THERE  the first card's frames are datagrams between these two sockets\n"
         "  --input=FILE     a file that the application sees as input; may be repeated\n"
         "  --watchdog=MS    name a thread that runs longer without yielding; with ,poweroff the run ends then\n"
         "  --trace=FILE     record what the CPUs do, and write it to FILE at the end, for `toro trace FILE`\n"
         "  --trace-records=N  with --trace: keep the last N records of each CPU, a power of two (16384)\n"
         "  --seed=N         run all CPUs on one thread, in an order chosen by N, in virtual time\n"
         "  --steps=N        with --seed: stop with an error after N steps\n"
         "  --trace-hash     with --seed: print the hash of the run as the last line\n" +
         simulator;
}

}  // namespace toro::hosted
