#include "platform/baremetal/boot/command_line.h"

#include "core/base/units.h"
#include "core/trace/trace_ring.h"
#include "platform/baremetal/boot/word_reader.h"

namespace toro::baremetal {
namespace {

bool ParseNumber(std::string_view text, uint64_t& value) {
  if (text.empty()) return false;
  value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (~uint64_t{0} - digit) / 10) return false;
    value = value * 10 + digit;
  }
  return true;
}

const char* ParseKernelWord(std::string_view word, CommandLine& result) {
  result.culprit = word;
  size_t equals = word.find('=');
  // Not substr: it can throw, and would bring the unwinder into every image.
  std::string_view key(word.data(), equals == word.npos ? word.size() : equals);
  std::string_view value = equals == word.npos ? std::string_view() : std::string_view(key.end() + 1, word.end());
  if (key == "cpus") {
    if (!ParseNumber(value, result.cpus)) return "cpus= needs a number, not";
    result.has_cpus = true;
  } else if (key == "seed") {
    if (!ParseNumber(value, result.seed)) return "seed= needs a number, not";
    result.has_seed = true;
  } else if (key == "numa") {
    if (value != "off") return "numa= takes only off, not";
    result.ignore_nodes = true;
  } else if (key == "watchdog") {
    constexpr std::string_view kPowerOff = ",poweroff";
    result.watchdog_powers_off = value.ends_with(kPowerOff);
    if (result.watchdog_powers_off) value.remove_suffix(kPowerOff.size());
    if (!ParseNumber(value, result.watchdog_ms) || result.watchdog_ms < 1 || result.watchdog_ms > 3'600'000) {
      return "watchdog= needs 1 to 3600000 ms, and perhaps ,poweroff, not";
    }
  } else if (key == "trace") {
    if (!ParseNumber(value, result.trace_records) || !IsPowerOfTwo(result.trace_records) ||
        result.trace_records < kLeastTraceRecords || result.trace_records > kMostTraceRecords) {
      return "trace= needs a power of two from 64 to 16777216, not";
    }
  } else if (key == "idle") {
    if (value.empty()) return "idle= needs hlt, mwait or spin, not";
    result.idle = value;
  } else if (word == "report") {
    result.report = true;
  } else if (word == "isolate") {
    result.isolate = true;
  } else {
    return "unknown word";
  }
  return nullptr;
}

constinit char application_name[] = "app";

}  // namespace

const char* ParseCommandLine(std::string_view line, CommandLine& result) {
  result.arguments[result.argument_count++] = application_name;
  WordReader reader(line, result.text, sizeof result.text);
  std::string_view word;
  bool for_application = false;
  while (reader.Next(word)) {
    if (for_application) {
      result.culprit = word;
      if (result.argument_count == static_cast<int>(CommandLine::kMostArguments)) return "more than 63 arguments, from";
      result.arguments[result.argument_count++] = const_cast<char*>(word.data());
    } else if (word == "--") {
      for_application = true;
    } else if (const char* problem = ParseKernelWord(word, result)) {
      return problem;
    }
  }
  if (reader.problem() != nullptr) result.culprit = line;
  return reader.problem();
}

}  // namespace toro::baremetal
