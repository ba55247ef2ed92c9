// The kernel's command line: `cpus=4 seed=7 numa=off report -- words for the application`.
//
// SYNTAX. Kernel words come first; the word `--` ends them, and all that follow are the application's arguments, in
// order. Quotes and backslashes as in word_reader.h.
//
// A word that is not understood is an error: a mistyped option must not be ignored in silence.
#ifndef PLATFORM_BAREMETAL_BOOT_COMMAND_LINE_H_
#define PLATFORM_BAREMETAL_BOOT_COMMAND_LINE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toro::baremetal {

struct CommandLine {
  static constexpr size_t kMostArguments = 64;
  static constexpr size_t kMostTextBytes = 4096 + kMostArguments;

  bool has_cpus = false;
  uint64_t cpus = 0;  // any number: what the machine has is checked when that is known
  bool has_seed = false;
  uint64_t seed = 0;
  uint64_t watchdog_ms = 0;  // 0: off
  bool watchdog_powers_off = false;
  std::string_view idle;       // how a CPU without work waits: checked when it is known what the CPU can do
  bool ignore_nodes = false;   // numa=off: equal shares of all memory, whatever the firmware says
  bool isolate = false;        // no CPU can write into the memory of another
  uint64_t trace_records = 0;  // each CPU records its trace in as many; 0: it is not recorded
  bool report = false;         // print how long the boot took, the rights of the memory and its division

  // The application's, with argv[0] and a null at the end, ready for main().
  int argument_count = 0;
  char* arguments[kMostArguments + 1] = {};

  // The word that is wrong, when ParseCommandLine failed.
  std::string_view culprit;

  char text[kMostTextBytes];
};

// The kernel words, for messages.
inline constexpr std::string_view kKnownWords =
    "cpus=N (1..256), seed=N, idle=hlt|mwait|spin, watchdog=MS[,poweroff], numa=off, trace=N, report, isolate, then -- "
    "and the "
    "application's arguments";

// Returns null, or what is wrong with `line`; `culprit` then names the word.
const char* ParseCommandLine(std::string_view line, CommandLine& result);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_COMMAND_LINE_H_
