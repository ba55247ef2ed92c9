#include "platform/baremetal/boot/command_line.h"

namespace toro::baremetal {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Cuts a line into words, and copies them without their quotes, each with a NUL behind it.
class WordReader {
 public:
  WordReader(std::string_view line, char* to, size_t room) : line_(line), to_(to), room_(room) {}

  // False at the end of the line, or when `problem` is set.
  bool Next(std::string_view& word) {
    while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
    if (at_ == line_.size()) return false;
    char* start = to_;
    char quote = 0;
    for (; at_ < line_.size() && (quote != 0 || !IsBlank(line_[at_])); ++at_) {
      char c = line_[at_];
      if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == quote && quote != 0) {
        quote = 0;
      } else {
        if (c == '\\' && quote != '\'' && ++at_ == line_.size()) return Fail("a backslash at the end of");
        if (!Put(line_[at_])) return false;
      }
    }
    if (quote != 0) return Fail("a quote that is not closed in");
    size_t bytes = static_cast<size_t>(to_ - start);
    if (!Put('\0')) return false;
    word = {start, bytes};
    return true;
  }

  const char* problem = nullptr;

 private:
  bool Put(char c) {
    if (room_ == 0) return Fail("too many bytes in");
    *to_++ = c;
    --room_;
    return true;
  }
  bool Fail(const char* cause) {
    problem = cause;
    return false;
  }

  std::string_view line_;
  size_t at_ = 0;
  char* to_;
  size_t room_;
};

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
  } else if (word == "report") {
    result.report = true;
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
  if (reader.problem != nullptr) result.culprit = line;
  return reader.problem;
}

}  // namespace toro::baremetal
