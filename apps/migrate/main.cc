// migrate: one thread visits every CPU and reports how long each hop took; `-- ROUNDS` times around (1).
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/kernel/toro.h"

namespace {

struct Hop {
  toro::CpuId from;
  toro::CpuId to;
  uint64_t ns;
};

}  // namespace

int main(int argc, char** argv) {
  char* end = nullptr;
  long rounds = argc > 1 ? std::strtol(argv[1], &end, 10) : 1;
  if (argc > 2 || rounds < 1 || (end != nullptr && *end != 0)) {
    std::fprintf(stderr, "migrate: expected the number of rounds, 1 or more\n");
    return 2;
  }
  size_t cpus = toro::CpuCount();
  std::vector<Hop> hops;
  hops.reserve(static_cast<size_t>(rounds) * cpus);
  for (long round = 0; round < rounds; ++round) {
    for (size_t i = 1; i <= cpus; ++i) {
      toro::CpuId from = toro::CurrentCpu();
      toro::CpuId to{i % cpus};
      uint64_t left_ns = toro::NowNs();
      TORO_CHECK(toro::Migrate(to) == toro::Status::kOk);
      uint64_t ns = toro::NowNs() - left_ns;
      TORO_CHECK(toro::CurrentCpu() == to, "a thread migrated and is not where it went");
      hops.push_back({from, to, ns});
    }
  }
  for (const Hop& hop : hops) {
    std::printf("CPU %zu -> CPU %zu: %llu ns\n", hop.from.index(), hop.to.index(),
                static_cast<unsigned long long>(hop.ns));
  }
  std::printf("visited %zu CPUs in %zu hops\n", cpus, hops.size());
  return 0;
}
