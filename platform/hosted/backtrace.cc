// Backtraces of the hosted world: frame pointers for the way, the distribution's libbacktrace for function, file and
// line.
//
// WHY not the unwinder: the kernel's own code has no unwind tables (build_defs/toro_cc.bzl), and every function of ours
// keeps a frame pointer. WHY libbacktrace: it reads the debug information of this process by itself, and takes memory
// from mmap only.
#include <cxxabi.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "platform/hosted/executor.h"

// From GCC's <backtrace.h>, which is in no folder where clang looks.
extern "C" {
struct backtrace_state;
using BacktraceError = void (*)(void* data, const char* message, int error);
using BacktracePlace = int (*)(void* data, uintptr_t address, const char* file, int line, const char* function);
using BacktraceSymbol = void (*)(void* data, uintptr_t address, const char* name, uintptr_t value, uintptr_t bytes);
backtrace_state* backtrace_create_state(const char* file, int threaded, BacktraceError error, void* data);
int backtrace_pcinfo(backtrace_state* state, uintptr_t address, BacktracePlace place, BacktraceError error, void* data);
int backtrace_syminfo(backtrace_state* state, uintptr_t address, BacktraceSymbol symbol, BacktraceError error,
                      void* data);
}

namespace toro::hosted {
namespace {

constexpr size_t kMostFrames = 100'000;  // a recursion that filled a stack
constexpr size_t kMostLines = 48;

// Reads memory that may not be there: write(2) to a pipe fails with EFAULT where a load would fault.
class CarefulReader {
 public:
  CarefulReader() {
    if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
  }
  ~CarefulReader() {
    close(pipe_[0]);
    close(pipe_[1]);
  }
  CarefulReader(const CarefulReader&) = delete;
  CarefulReader& operator=(const CarefulReader&) = delete;

  bool Read(uint64_t address, void* to, size_t bytes) {
    auto length = static_cast<ssize_t>(bytes);
    return write(pipe_[1], reinterpret_cast<const void*>(address), bytes) == length &&
           read(pipe_[0], to, bytes) == length;
  }

 private:
  int pipe_[2];
};

backtrace_state* symbols = nullptr;

struct Line {
  size_t number;
  bool printed = false;
};

void PrintName(const char* name) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::fputs(demangled != nullptr ? demangled : name, stderr);
  std::free(demangled);
}

// Bazel compiles in /proc/self/cwd, and names some files from there: one name for each.
const char* FromRoot(const char* file) {
  for (const char* prefix : {"/proc/self/cwd/", "./"}) {
    if (std::strncmp(file, prefix, std::strlen(prefix)) == 0) file += std::strlen(prefix);
  }
  return file;
}

// Called once for each function that was inlined at the address, the innermost first, and for the function itself.
int PrintPlace(void* data, uintptr_t address, const char* file, int line, const char* function) {
  Line& self = *static_cast<Line*>(data);
  if (function == nullptr && file == nullptr) return 0;
  if (self.printed) {
    std::fputs("     in ", stderr);
  } else {
    std::fprintf(stderr, "  #%zu 0x%zx ", self.number, address);
  }
  self.printed = true;
  PrintName(function != nullptr ? function : "(unnamed)");
  if (file != nullptr) {
    std::fprintf(stderr, " (%s:%d)", FromRoot(file), line);
  }
  std::fputc('\n', stderr);
  return 0;
}

void PrintSymbol(void* data, uintptr_t address, const char* name, uintptr_t value, uintptr_t) {
  Line& self = *static_cast<Line*>(data);
  std::fprintf(stderr, "  #%zu 0x%zx ", self.number, address);
  if (name != nullptr) {
    PrintName(name);
    std::fprintf(stderr, "+0x%zx", address - value);
  }
  std::fputc('\n', stderr);
  self.printed = true;
}

// No debug information: the address alone.
void IgnoreError(void*, const char*, int) {}

void PrintFrame(size_t number, uint64_t address) {
  if (symbols == nullptr) symbols = backtrace_create_state(nullptr, 0, &IgnoreError, nullptr);
  Line line{number};
  if (symbols != nullptr) {
    backtrace_pcinfo(symbols, address, &PrintPlace, &IgnoreError, &line);
    if (!line.printed) backtrace_syminfo(symbols, address, &PrintSymbol, &IgnoreError, &line);
  }
  if (!line.printed) std::fprintf(stderr, "  #%zu 0x%llx\n", number, static_cast<unsigned long long>(address));
}

// Prints one frame after the other; a recursion is one line, however deep.
class FrameList {
 public:
  bool Add(uint64_t address) {
    if (address == last_) {
      ++repeated_;
      return true;
    }
    Flush();
    if (number_ == kMostLines) {
      std::fputs("  ... and deeper\n", stderr);
      return false;
    }
    PrintFrame(number_++, address);
    last_ = address;
    return true;
  }
  void Flush() {
    if (repeated_ != 0)
      std::fprintf(stderr, "     the same call, %zu more time%s\n", repeated_, repeated_ == 1 ? "" : "s");
    repeated_ = 0;
  }

 private:
  size_t number_ = 0;
  size_t repeated_ = 0;
  uint64_t last_ = 0;
};

// Calls visit(address) for the frames above `start`, until it returns false.
template <typename Visit>
void WalkFrames(const void* start, Visit visit) {
  CarefulReader reader;
  uint64_t frame = reinterpret_cast<uint64_t>(start);
  for (size_t walked = 0; walked < kMostFrames && frame % 8 == 0; ++walked) {
    uint64_t words[2];
    if (!reader.Read(frame, words, sizeof words) || words[1] == 0) return;
    if (!visit(words[1] - 1)) return;  // in the call, not behind it
    if (words[0] <= frame) return;     // stacks grow down: whatever this is, it is not a caller's frame
    frame = words[0];
  }
}

}  // namespace

size_t CollectFrames(uint64_t address, const void* frame, uint64_t* addresses, size_t most) {
  size_t count = 0;
  addresses[count++] = address;
  WalkFrames(frame, [&](uint64_t above) {
    if (count == most) return false;
    addresses[count++] = above;
    return true;
  });
  return count;
}

void ReportFrames(const uint64_t* addresses, size_t count) {
  FrameList list;
  for (size_t i = 0; i < count && list.Add(addresses[i]); ++i) {
  }
  list.Flush();
}

void ReportFramesFrom(uint64_t address, const void* frame) {
  FrameList list;
  if (address != 0) list.Add(address);
  WalkFrames(frame, [&](uint64_t above) { return list.Add(above); });
  list.Flush();
}

}  // namespace toro::hosted
