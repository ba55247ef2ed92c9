// The allocator for as long as one likes: random operations by seed, in rounds, each on a cluster of its own.
//
//   allocator_soak [--seed=S] [--operations=N] [--seconds=T]
//
// Round r takes its choices from seed S + r; one round in four is about page runs alone. When something is wrong, the
// last lines say which seed and how many operations show it again: one round, up to the operation that failed.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "tests/fuzz/allocator_world.h"
#include "tests/fuzz/failures.h"
#include "tests/fuzz/page_runs_world.h"

namespace {

constexpr uint64_t kRoundOperations = 20'000;
constexpr uint64_t kDefaultOperations = 1'000'000;

// Remembers how far it is, for the report.
class CountedChoices : public fuzz::SeededChoices {
 public:
  CountedChoices(uint64_t seed, uint64_t operations) : SeededChoices(seed, operations) {}
  bool Done() override {
    bool done = SeededChoices::Done();
    if (!done) ++begun;
    return done;
  }
  uint64_t begun = 0;
};

uint64_t round_seed = 0;
const CountedChoices* round_choices = nullptr;

void Explain() {
  if (round_choices == nullptr) return;
  std::fprintf(stderr, "replay: ./toro soak allocator --seed=%llu --operations=%llu\n",
               static_cast<unsigned long long>(round_seed), static_cast<unsigned long long>(round_choices->begun));
}

// A broken allocator may send its user anywhere, or nowhere: the soak says where it was even then.
constexpr unsigned kMostRoundSeconds = 120;
void OnSignal(int number) {
  if (number == SIGALRM) fuzz::Fail("a round has not ended after %u s", kMostRoundSeconds);
  fuzz::Fail("the product crashed with signal %d", number);
}

bool ParseNumber(std::string_view text, uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

struct SoakOptions {
  uint64_t seed = 1;
  uint64_t operations = 0;  // 0: no bound
  uint64_t seconds = 0;     // 0: no bound
};

bool Parse(int argc, char** argv, SoakOptions& options) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    size_t equals = word.find('=');
    std::string_view key = word.substr(0, equals);
    uint64_t* value = key == "--seed"         ? &options.seed
                      : key == "--operations" ? &options.operations
                      : key == "--seconds"    ? &options.seconds
                                              : nullptr;
    if (value == nullptr || equals == word.npos || !ParseNumber(word.substr(equals + 1), *value)) {
      std::fprintf(stderr, "%s: expected --seed=S, --operations=N or --seconds=T, with whole numbers\n", argv[i]);
      return false;
    }
  }
  if (options.operations == 0 && options.seconds == 0) options.operations = kDefaultOperations;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  SoakOptions options;
  if (!Parse(argc, argv, options)) return 2;
  fuzz::explain_failure = &Explain;
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) std::signal(number, &OnSignal);
  fuzz::DirtyMemory memory(fuzz::AllocatorWorld::kLeastMemoryBytes);
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  std::printf("soak: seed %llu\n", static_cast<unsigned long long>(options.seed));
  uint64_t done = 0;
  for (round_seed = options.seed;; ++round_seed) {
    uint64_t left = options.operations > 0 ? options.operations - done : kRoundOperations;
    CountedChoices choices(round_seed, left < kRoundOperations ? left : kRoundOperations);
    round_choices = &choices;
    alarm(kMostRoundSeconds);
    if (choices.Below(4) == 0) {
      fuzz::PageRunsWorld(choices, memory).Run();
    } else {
      fuzz::AllocatorWorld(choices, memory).Run();
    }
    round_choices = nullptr;
    done += choices.begun;
    if (options.operations > 0 && done >= options.operations) break;
    if (options.seconds > 0 && std::chrono::steady_clock::now() >= end) break;
  }
  std::printf("END soak: %llu operations, %llu page runs refused on purpose, nothing wrong\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(fuzz::RefusedPageRuns()));
  return 0;
}
