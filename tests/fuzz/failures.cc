#include "tests/fuzz/failures.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/memory/page_runs.h"

namespace fuzz {
namespace {

jmp_buf* expecting = nullptr;
const char* caught = nullptr;
uint64_t refuse_in = 0;
uint64_t refused = 0;

// A bug that the environment asks for, so that a test can see it found: "twice" hands a run out that is live, "lost"
// forgets one that comes back. Every kPlantedEvery-th time.
constexpr uint64_t kPlantedEvery = 40;
uint64_t chances = 0;
bool Planted(std::string_view bug) {
  static const char* const planted = std::getenv("TORO_PLANT");
  return planted != nullptr && bug == planted && ++chances % kPlantedEvery == 0;
}

[[noreturn]] void CheckFailed(const char* file, int line, const char* what, const void* address) {
  if (expecting != nullptr) {
    caught = what;
    longjmp(*expecting, 1);
  }
  Fail("%s:%d: the product's own check failed: %s [address %p]", file, line, what, address);
}

}  // namespace

void (*explain_failure)() = nullptr;

void Fail(const char* format, ...) {
  std::fflush(stdout);
  std::fputs("fuzz: FAILED: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  if (explain_failure != nullptr) explain_failure();
  std::fflush(stderr);
  std::abort();
}

const char* MessageOfMisuse(void (*misuse)(void* context), void* context) {
  jmp_buf back;
  if (setjmp(back) == 0) {
    expecting = &back;
    misuse(context);
    expecting = nullptr;
    Fail("a misuse went unnoticed");
  }
  expecting = nullptr;
  return caught;
}

void BeginRun() {
  refuse_in = 0;
  chances = 0;
}

void RefusePageRun(uint64_t n) { refuse_in = n; }
uint64_t RefusedPageRuns() { return refused; }

}  // namespace fuzz

// The names that the linker gives to what it wraps: toro::CheckFailed, toro::CheckFailedAt, toro::PageRuns::Allocate,
// toro::PageRuns::Free.
extern "C" {

[[noreturn]] void __wrap__ZN4toro11CheckFailedEPKciS1_S1_(const char* file, int line, const char* expression,
                                                          const char* message) {
  fuzz::CheckFailed(file, line, message != nullptr ? message : expression, nullptr);
}

[[noreturn]] void __wrap__ZN4toro13CheckFailedAtEPKciS1_PKv(const char* file, int line, const char* message,
                                                            const void* address) {
  fuzz::CheckFailed(file, line, message, address);
}

void* __real__ZN4toro8PageRuns8AllocateEmmmNS_8PageKindE(toro::PageRuns* runs, size_t pages, size_t align_bytes,
                                                         size_t lead, toro::PageKind kind);

void* __wrap__ZN4toro8PageRuns8AllocateEmmmNS_8PageKindE(toro::PageRuns* runs, size_t pages, size_t align_bytes,
                                                         size_t lead, toro::PageKind kind) {
  if (fuzz::refuse_in > 0 && --fuzz::refuse_in == 0) {
    ++fuzz::refused;
    return nullptr;
  }
  static void* last = nullptr;
  static size_t last_pages = 0;
  if (pages <= last_pages && align_bytes == toro::kPageBytes && fuzz::Planted("twice")) return last;
  last = __real__ZN4toro8PageRuns8AllocateEmmmNS_8PageKindE(runs, pages, align_bytes, lead, kind);
  last_pages = last != nullptr ? pages : 0;
  return last;
}

void __real__ZN4toro8PageRuns4FreeEPvNS_8PageKindE(toro::PageRuns* runs, void* run, toro::PageKind kind);

void __wrap__ZN4toro8PageRuns4FreeEPvNS_8PageKindE(toro::PageRuns* runs, void* run, toro::PageKind kind) {
  if (!fuzz::Planted("lost")) __real__ZN4toro8PageRuns4FreeEPvNS_8PageKindE(runs, run, kind);
}
}
