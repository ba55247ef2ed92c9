// tcp_transfer_soak FIRST LAST BYTES: transfers of the seeds FIRST to LAST, of up to BYTES in each direction. Prints
// each seed that fails and how; the status says whether one did.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "services/net/testing/transfer.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: tcp_transfer_soak FIRST LAST BYTES\n");
    return 2;
  }
  uint64_t first = std::strtoull(argv[1], nullptr, 10);
  uint64_t last = std::strtoull(argv[2], nullptr, 10);
  uint64_t max_bytes = std::strtoull(argv[3], nullptr, 10);
  if (first > last || max_bytes == 0) {
    std::fprintf(stderr, "tcp_transfer_soak: FIRST must not be above LAST, and BYTES not 0\n");
    return 2;
  }
  uint64_t failed = 0, bytes = 0, frames = 0, stall_ns = 0, stall_seed = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    toro::net::TransferOptions options = toro::net::OptionsOfSeed(seed, max_bytes);
    toro::net::TransferResult result = toro::net::RunTransfer(options);
    bytes += options.bytes_from_a + options.bytes_from_b;
    frames += result.wire.frames;
    if (result.longest_stall_ns > stall_ns) {
      stall_ns = result.longest_stall_ns;
      stall_seed = seed;
    }
    if (result.failure.empty()) continue;
    ++failed;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), result.failure.c_str());
  }
  const unsigned long long seeds = last - first + 1;
  std::printf("%llu seeds, %llu failed; %llu bytes in %llu frames; longest stall %.3f s (seed %llu)\n", seeds,
              static_cast<unsigned long long>(failed), static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(frames), static_cast<double>(stall_ns) / 1e9,
              static_cast<unsigned long long>(stall_seed));
  return failed == 0 ? 0 : 1;
}
