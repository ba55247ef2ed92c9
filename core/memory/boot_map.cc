#include "core/memory/boot_map.h"

#include <algorithm>

#include "core/base/units.h"

namespace toro {
namespace {

// The whole large pages of the usable memory, ascending.
struct LargePages {
  MemoryRange ranges[kMaxMemoryRanges];
  size_t count = 0;
  size_t pages = 0;
};

Status FindLargePages(std::span<const MemoryRange> usable, LargePages& found, size_t& unusable_bytes) {
  if (usable.size() > kMaxMemoryRanges) return Status::kInvalidArgument;
  MemoryRange sorted[kMaxMemoryRanges];
  std::copy(usable.begin(), usable.end(), sorted);
  std::sort(sorted, sorted + usable.size(), [](auto& a, auto& b) { return a.begin < b.begin; });

  // Neighbours are joined first: a large page may be made of two pieces of the firmware's map.
  size_t joined = 0;
  for (size_t i = 0; i < usable.size(); ++i) {
    if (sorted[i].bytes == 0) continue;
    if (joined > 0 && sorted[i].begin < sorted[joined - 1].end()) return Status::kInvalidArgument;
    if (joined > 0 && sorted[i].begin == sorted[joined - 1].end()) {
      sorted[joined - 1].bytes += sorted[i].bytes;
    } else {
      sorted[joined++] = sorted[i];
    }
  }

  unusable_bytes = 0;
  for (size_t i = 0; i < joined; ++i) {
    uintptr_t begin = AlignUp(sorted[i].begin, kLargePageBytes);
    uintptr_t end = AlignDown(sorted[i].end(), kLargePageBytes);
    size_t whole = begin < end ? end - begin : 0;
    unusable_bytes += sorted[i].bytes - whole;
    if (whole == 0) continue;
    found.ranges[found.count++] = {begin, whole};
    found.pages += whole / kLargePageBytes;
  }
  return Status::kOk;
}

}  // namespace

Status DivideMemory(std::span<const MemoryRange> usable, size_t cpus, MemoryDivision& division) {
  division = MemoryDivision{};
  if (cpus == 0 || cpus > kMaxCpus) return Status::kInvalidArgument;
  LargePages found;
  if (Status status = FindLargePages(usable, found, division.unusable_bytes); status != Status::kOk) return status;

  static_assert(kLeastPartitionBytes % kLargePageBytes == 0);
  if (found.pages / cpus < kLeastPartitionBytes / kLargePageBytes) return Status::kOutOfMemory;
  division.cpus = cpus;

  // Whole pages first to last; the first `pages % cpus` CPUs get one more.
  size_t range = 0;
  uintptr_t next = found.ranges[0].begin;
  for (size_t cpu = 0; cpu < cpus; ++cpu) {
    PartitionRanges& partition = division.partitions[cpu];
    size_t wanted = (found.pages / cpus + (cpu < found.pages % cpus ? 1 : 0)) * kLargePageBytes;
    while (wanted > 0) {
      size_t taken = std::min<size_t>(wanted, found.ranges[range].end() - next);
      if (partition.count == kMaxPartitionRanges) return Status::kInvalidArgument;
      partition.ranges[partition.count++] = {next, taken};
      partition.bytes += taken;
      wanted -= taken;
      next += taken;
      if (next == found.ranges[range].end() && ++range < found.count) next = found.ranges[range].begin;
    }
  }
  return Status::kOk;
}

}  // namespace toro
