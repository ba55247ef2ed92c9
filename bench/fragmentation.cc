#include "bench/fragmentation.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/cluster_pair.h"
#include "core/base/mix.h"
#include "core/memory/partition.h"

namespace toro::bench {
namespace {

constexpr size_t kMostLive = 20'000;
constexpr uint64_t kOperations = 4'000'000;
constexpr uint64_t kSmokeOperations = 100'000;
constexpr uint64_t kOperationsPerLook = 1000;
constexpr size_t kPhases = 8;

size_t ResidentBytes() {
  FILE* file = std::fopen("/proc/self/statm", "r");
  size_t all = 0, resident = 0;
  if (file == nullptr || std::fscanf(file, "%zu %zu", &all, &resident) != 2) std::abort();
  std::fclose(file);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

struct Object {
  char* at;
  size_t bytes;
};
Object objects[kMostLive];

// Between 16 bytes and 2 KiB, each doubling as often as the others.
size_t SameSizes(uint64_t random, size_t) {
  const size_t doubling = size_t{16} << random % 7;
  return doubling + (random >> 8) % doubling + 1;
}
size_t OtherSizes(uint64_t random, size_t phase) {
  // Most are of four doublings that begin elsewhere in each phase; one in 64 is longer.
  if (random % 64 == 0) return 4 * kKiB + (random >> 16) % (60 * kKiB);
  const size_t doubling = size_t{16} << ((random >> 8) % 4 + phase * 3 % 5);
  return doubling + (random >> 16) % doubling + 1;
}

template <typename Allocate, typename Free>
double PeakOverLive(uint64_t operations, bool other_sizes, Allocate allocate, Free free) {
  std::memset(objects, 0, sizeof(objects));
  const size_t before = ResidentBytes();
  size_t live = 0, peak_live = 0, peak_resident = 0;
  uint64_t random = 1;
  for (uint64_t i = 0; i < operations; ++i) {
    const size_t phase = i * kPhases / operations;
    size_t most = 10'000;
    if (other_sizes) most = phase % 2 == 0 ? kMostLive : kMostLive / 4;
    random = Mix(random + 1);
    Object& object = objects[random % kMostLive];
    live -= object.bytes;
    if (object.at != nullptr) free(object.at);
    object = {};
    if ((random >> 16) % kMostLive < most) {
      object.bytes = other_sizes ? OtherSizes(random >> 32, phase) : SameSizes(random >> 32, phase);
      object.at = static_cast<char*>(allocate(object.bytes));
      if (object.at == nullptr) std::abort();
      std::memset(object.at, 1, object.bytes);
      live += object.bytes;
    }
    if (i % kOperationsPerLook == 0) {
      peak_live = std::max(peak_live, live);
      peak_resident = std::max(peak_resident, ResidentBytes());
    }
  }
  for (Object& object : objects) free(object.at);
  return static_cast<double>(peak_resident - before) / static_cast<double>(peak_live);
}

double RunOnce(bool ours, bool other_sizes, uint64_t operations) {
  if (!ours) return PeakOverLive(operations, other_sizes, std::malloc, std::free);
  static Partition partition(kNearCpu, ReserveRanges(ClusterPair::kBytesPerCpu), 1);
  return PeakOverLive(
      operations, other_sizes, [](size_t bytes) { return partition.Allocate(bytes); },
      [](void* object) { partition.Free(object); });
}

// False: the process did not say.
bool AskProcess(const FragmentationPeer* peer, bool other_sizes, bool smoke, double& ratio) {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
  if (length <= 0) return false;
  self[length] = 0;
  std::string command = peer != nullptr && !peer->library.empty() ? "LD_PRELOAD=" + peer->library + " " : "";
  command += "'" + std::string(self) + "' --fragmentation=" + (peer == nullptr ? "ours" : "malloc") + "," +
             (other_sizes ? "other" : "same") + (smoke ? " --smoke" : "");
  FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) return false;
  const bool said = std::fscanf(output, "%lf", &ratio) == 1;
  return pclose(output) == 0 && said;
}

}  // namespace

int MeasureFragmentation(bool ours, bool other_sizes, bool smoke) {
  std::printf("%.4f\n", RunOnce(ours, other_sizes, smoke ? kSmokeOperations : kOperations));
  return 0;
}

int CompareFragmentation(const std::vector<FragmentationPeer>& peers, bool smoke) {
  if (!smoke) std::printf("\nfragmentation: peak of resident bytes over peak of live bytes, a process each\n");
  bool right = true;
  for (size_t i = 0; i <= peers.size(); ++i) {
    const FragmentationPeer* peer = i == 0 ? nullptr : &peers[i - 1];
    const char* name = peer == nullptr ? "Toro" : peer->name.c_str();
    double same = 0, other = 0;
    const bool asked = AskProcess(peer, false, smoke, same) && AskProcess(peer, true, smoke, other);
    // Less than what is live cannot be, and ten times as much is no result.
    if (!asked || same < 1 || other < 1 || same > 10 || other > 10) {
      std::fprintf(stderr, "bench: fragmentation of %s: wrong or no result\n", name);
      right = false;
    } else if (!smoke) {
      std::printf("  %-12s same sizes %.3f   other sizes %.3f\n", name, same, other);
      std::fflush(stdout);
    }
  }
  return right ? 0 : 1;
}

}  // namespace toro::bench
