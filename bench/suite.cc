#include "bench/suite.h"

#include <benchmark/benchmark.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <regex>

#include "bench/worker.h"

namespace toro::bench {
namespace {

// What SIGALRM reports: set before each sample.
char g_running[256];

void ReportStuck(int) {
  const char text[] = "bench: did not end in time, so its result is unknown: ";
  ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
  ignored = write(STDERR_FILENO, g_running, strlen(g_running));
  ignored = write(STDERR_FILENO, "\n", 1);
  static_cast<void>(ignored);
  _exit(3);
}

// The results reach the suite through the contender's own function; google-benchmark's lines would be one per sample.
class SilentReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

}  // namespace

Sample Suite::TakeOne(const Group& group, const Contender& contender) {
  std::snprintf(g_running, sizeof(g_running), "%s/%s", group.name.c_str(), contender.name.c_str());
  alarm(kSampleSeconds);
  Sample sample =
      contender.worker != nullptr ? contender.worker->Take(group, contender) : bracket_.Take(group, contender);
  alarm(0);
  return sample;
}

void Suite::RunGroup(const Group& group, GroupSeries& series) {
  benchmark::ClearRegisteredBenchmarks();
  for (const Contender& contender : group.contenders) {
    auto run = [&](benchmark::State& state) {
      for (auto _ : state) {
        Sample sample = TakeOne(group, contender);
        series[contender.name].Add(sample);
        state.SetIterationTime(sample.operation_ns * 1e-9);
        if (sample.verdict != Verdict::kGood) state.SkipWithError("no good sample");
      }
    };
    benchmark::RegisterBenchmark((group.name + "/" + contender.name).c_str(), run)->Iterations(1)->UseManualTime();
  }
  SilentReporter reporter;
  auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < (smoke_ ? 1 : kRounds); ++round) {
    benchmark::RunSpecifiedBenchmarks(&reporter, ".");
    std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    if (passed.count() > kGroupSeconds) break;
  }
}

int Suite::CountWrong(const Group& group, const GroupSeries& series) const {
  int wrong = 0;
  for (const Contender& contender : group.contenders) {
    auto found = series.find(contender.name);
    bool ran = found != series.end();
    if (ran && found->second.wrong() == 0) continue;
    ++wrong;
    std::fprintf(stderr, "bench: %s/%s %s\n", group.name.c_str(), contender.name.c_str(),
                 ran ? "gave wrong results: a bug, not a slow machine" : "did not run");
  }
  return wrong;
}

std::vector<const Group*> Suite::Choose(const std::string& filter) const {
  std::vector<const Group*> chosen;
  std::regex wanted;
  try {
    wanted = std::regex(filter);
  } catch (const std::regex_error&) {
    std::fprintf(stderr, "bench: '%s' is no regular expression; a part of a group's name is one\n", filter.c_str());
    return chosen;
  }
  bool any = false;
  for (const Group& group : groups_) {
    if (!std::regex_search(group.name, wanted)) continue;
    any = true;
    if (!group.CrossCpu() || bracket_.has_two_cpus()) {
      chosen.push_back(&group);
    } else {
      std::fprintf(stderr, "bench: %s is left out, it needs two CPUs\n", group.name.c_str());
    }
  }
  if (any) return chosen;
  std::fprintf(stderr, "bench: no group's name matches '%s'; the groups are:", filter.c_str());
  for (const Group& group : groups_) std::fprintf(stderr, " %s", group.name.c_str());
  std::fprintf(stderr, "\n");
  return chosen;
}

int Suite::Run(const std::string& filter) {
  std::vector<const Group*> chosen = Choose(filter);
  if (chosen.empty()) return 2;
  signal(SIGALRM, ReportStuck);
  std::vector<GroupSeries> series(chosen.size());
  int passes = smoke_ ? 1 : kPasses;
  for (int pass = 1; pass <= passes; ++pass) {
    for (size_t i = 0; i < chosen.size(); ++i) {
      std::fprintf(stderr, "pass %d of %d: %s\n", pass, passes, chosen[i]->name.c_str());
      RunGroup(*chosen[i], series[i]);
    }
  }
  int wrong = 0;
  std::vector<RatioLine> lines;
  for (size_t i = 0; i < chosen.size(); ++i) {
    wrong += CountWrong(*chosen[i], series[i]);
    if (smoke_) continue;
    PrintGroup(*chosen[i], series[i]);
    for (RatioLine& line : CompareGroup(*chosen[i], series[i])) lines.push_back(std::move(line));
  }
  if (!smoke_) PrintRatios(lines);
  return wrong == 0 ? 0 : 1;
}

}  // namespace toro::bench
