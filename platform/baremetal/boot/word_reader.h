// WordReader: cuts a line into words.
//
// SYNTAX. Words are separated by blanks. Inside a word, '...' and "..." keep blanks, and a backslash takes the next
// character as it is, outside of '...'. This reads what GRUB writes when it hands words over, and
// what people write by hand.
#ifndef PLATFORM_BAREMETAL_BOOT_WORD_READER_H_
#define PLATFORM_BAREMETAL_BOOT_WORD_READER_H_

#include <cstddef>
#include <string_view>

namespace toro::baremetal {

class WordReader {
 public:
  // The words are written to [to, to + room), each with a NUL behind it. `to` may be the start of `line` itself, if
  // nobody needs the line afterwards and it has a byte behind its end.
  WordReader(std::string_view line, char* to, size_t room) : line_(line), to_(to), room_(room) {}

  // False at the end of the line, or when problem() is set.
  bool Next(std::string_view& word) {
    while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
    if (at_ == line_.size()) return false;
    char* start = to_;
    char quote = 0;
    for (; at_ < line_.size() && (quote != 0 || !IsBlank(line_[at_])); ++at_) {
      char c = line_[at_];
      if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (quote != 0 && c == quote) {
        quote = 0;
      } else {
        if (c == '\\' && quote != '\'' && ++at_ == line_.size()) return Fail("a backslash at the end of");
        if (!Put(line_[at_])) return false;
      }
    }
    if (quote != 0) return Fail("a quote that is not closed in");
    size_t bytes = static_cast<size_t>(to_ - start);
    if (at_ < line_.size()) ++at_;  // the blank, so that its place is free for the NUL
    if (!Put('\0')) return false;
    word = {start, bytes};
    return true;
  }

  // Null, or what is wrong, to be followed by the line.
  const char* problem() const { return problem_; }

 private:
  static bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool Put(char c) {
    if (room_ == 0) return Fail("too many bytes in");
    *to_++ = c;
    --room_;
    return true;
  }
  bool Fail(const char* cause) {
    problem_ = cause;
    return false;
  }

  std::string_view line_;
  size_t at_ = 0;
  char* to_;
  size_t room_;
  const char* problem_ = nullptr;
};

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_WORD_READER_H_
