#include "tests/fuzz/allocator_world.h"

#include <algorithm>
#include <cstring>

#include "core/kernel/allocation.h"
#include "core/kernel/cpu.h"
#include "tests/fuzz/failures.h"

namespace fuzz {
namespace {

using toro::Cluster;
using toro::Cpu;
using toro::CpuId;
using toro::kKiB;
using toro::kLargePageBytes;
using toro::kPageBytes;

constexpr size_t kMostCpus = 4;
constexpr size_t kMostLive = 4000;
constexpr size_t kMostBurst = 600;  // more than a channel holds

// What of an object is written and looked at: all of a small one, both ends of a large one.
constexpr size_t kEdgeBytes = 2 * kKiB;

Cpu& CpuAt(size_t cpu) { return Cluster::Get().cpu(CpuId{cpu}); }

void Fill(unsigned char* at, size_t bytes, unsigned char fill) {
  if (bytes <= 2 * kEdgeBytes) {
    std::memset(at, fill, bytes);
  } else {
    std::memset(at, fill, kEdgeBytes);
    std::memset(at + bytes - kEdgeBytes, fill, kEdgeBytes);
  }
}

bool IsAll(const unsigned char* at, size_t bytes, unsigned char fill) {
  return bytes == 0 || (at[0] == fill && std::memcmp(at, at + 1, bytes - 1) == 0);
}

bool IsFilled(const unsigned char* at, size_t bytes, unsigned char fill) {
  if (bytes <= 2 * kEdgeBytes) return IsAll(at, bytes, fill);
  return IsAll(at, kEdgeBytes, fill) && IsAll(at + bytes - kEdgeBytes, kEdgeBytes, fill);
}

}  // namespace

AllocatorWorld::AllocatorWorld(Choices& choices, DirtyMemory& memory) : choices_(choices), memory_(memory) {
  BeginRun();
  Boot();
}

// One to four CPUs of one to three large pages, with holes between them, so that some partitions are in pieces.
void AllocatorWorld::Boot() {
  memory_.Reset();
  cpus_ = 1 + choices_.Below(kMostCpus);
  size_t pages = cpus_ * (1 + choices_.Below(2)) + choices_.Below(2);
  toro::MemoryRange ranges[toro::kMaxMemoryRanges];
  size_t count = 0;
  uintptr_t next = memory_.begin();
  for (size_t page = 0; page < pages; ++page) {
    if (choices_.Below(3) == 0) next += kLargePageBytes;
    ranges[count++] = {next, kLargePageBytes};
    next += kLargePageBytes;
  }
  if (next > memory_.begin() + memory_.bytes()) Fail("the simulated machine is larger than its memory");
  toro::ClusterConfig config;
  config.cpus = cpus_;
  config.memory = {ranges, count};
  config.boot_seed = choices_.Below(256);
  Cluster::Create(config);
  for (size_t cpu = 0; cpu < cpus_; ++cpu) {
    Enter(cpu);
    base_bytes_[cpu] = CpuAt(cpu).partition().Statistics().used_bytes;
  }
}

void AllocatorWorld::Enter(size_t cpu) { Cluster::Get().Enter(CpuId{cpu}); }

void AllocatorWorld::Run() {
  while (!choices_.Done()) {
    Operate();
    ++operations_;
  }
  RefusePageRun(0);
  while (!live_.empty()) {
    Live live = Drop(live_.size() - 1);
    Free(live, (live.cpu + live_.size()) % cpus_);
  }
  Settle();
  for (size_t cpu = 0; cpu < cpus_; ++cpu) Enter(cpu), CpuAt(cpu).Step();
}

void AllocatorWorld::Operate() {
  switch (choices_.Below(16)) {
    case 0:
    case 1:
    case 2:
    case 3: return Allocate(choices_.Below(static_cast<uint32_t>(cpus_)));
    case 4: return AllocateBurst();
    case 5: return AllocatePages();
    case 6:
    case 7: return FreeOne(false);
    case 8:
    case 9:
    case 10: return FreeOne(true);
    case 11: return FreeBurst();
    case 12: return RefusePageRun(choices_.Below(4));
    case 13: return Misuse();
    case 14: return Settle();
    default:
      size_t cpu = choices_.Below(static_cast<uint32_t>(cpus_));
      Enter(cpu);
      CpuAt(cpu).Step();
  }
}

size_t AllocatorWorld::ChooseBytes() {
  switch (choices_.Below(8)) {
    case 0: return choices_.Below(17);
    case 1:
    case 2:
    case 3: return choices_.Below(256);
    case 4: return choices_.Below(4 * kKiB);
    case 5: return choices_.Below(40 * kKiB);
    case 6: return choices_.Below(2) == 0 ? toro::kLargestSmallBytes + choices_.Below(2) : choices_.Below(300 * kKiB);
    default: return choices_.Below(8) == 0 ? SIZE_MAX - choices_.Below(256) : choices_.Below(3 * kLargePageBytes);
  }
}

void AllocatorWorld::Allocate(size_t cpu) {
  if (live_.size() >= kMostLive) return;
  size_t bytes = ChooseBytes();
  size_t align_bytes = choices_.Below(4) == 0 ? size_t{1} << choices_.Below(23) : 1;
  Enter(cpu);
  void* at = align_bytes == 1 ? toro::AllocateBytes(bytes) : toro::AllocateAlignedBytes(bytes, align_bytes);
  if (at != nullptr) Hold(at, bytes, align_bytes, cpu, Kind::kObject);
}

void AllocatorWorld::AllocateBurst() {
  size_t cpu = choices_.Below(static_cast<uint32_t>(cpus_));
  size_t bytes = choices_.Below(1024);
  size_t count = choices_.Below(kMostBurst);
  Enter(cpu);
  for (size_t i = 0; i < count && live_.size() < kMostLive; ++i) {
    void* at = toro::AllocateBytes(bytes);
    if (at == nullptr) return;
    Hold(at, bytes, 1, cpu, Kind::kObject);
  }
}

void AllocatorWorld::AllocatePages() {
  if (live_.size() >= kMostLive) return;
  size_t cpu = choices_.Below(static_cast<uint32_t>(cpus_));
  size_t pages = 1 + choices_.Below(choices_.Below(4) == 0 ? 600 : 20);
  Enter(cpu);
  void* at = CpuAt(cpu).partition().AllocatePages(pages);
  if (at != nullptr) Hold(at, pages * kPageBytes, kPageBytes, cpu, Kind::kPages);
}

// I1.
void AllocatorWorld::Hold(void* at, size_t asked, size_t align_bytes, size_t cpu, Kind kind) {
  uintptr_t begin = reinterpret_cast<uintptr_t>(at);
  Cpu& owner = CpuAt(cpu);
  size_t bytes = kind == Kind::kPages ? asked : owner.partition().UsableBytes(at);
  if (begin % std::max<size_t>(align_bytes, 16) != 0) Fail("%p is not aligned to %zu", at, align_bytes);
  if (owner.owners().OwnerOf(at) != cpu) Fail("%p, allocated by CPU %zu, belongs to another", at, cpu);
  if (bytes < asked) Fail("%p has %zu usable bytes; %zu were asked for", at, bytes, asked);
  if (align_bytes == 1 && asked > 128 && bytes > asked + asked / 8 + 16 && asked <= toro::kLargestSmallBytes) {
    Fail("%zu bytes were asked for, and %zu taken: more than an eighth is wasted", asked, bytes);
  }
  auto next = spans_.lower_bound(begin);
  if ((next != spans_.end() && next->first < begin + bytes) ||
      (next != spans_.begin() && std::prev(next)->second > begin)) {
    Fail("%p with %zu bytes overlaps what is live", at, bytes);
  }
  spans_[begin] = begin + bytes;
  auto fill = static_cast<unsigned char>(toro::Mix(begin + operations_));
  live_.push_back({static_cast<unsigned char*>(at), bytes, cpu, kind, fill});
  held_bytes_[cpu] += bytes;
  Fill(live_.back().at, bytes, fill);
}

AllocatorWorld::Live AllocatorWorld::Drop(size_t index) {
  Live live = live_[index];
  live_[index] = live_.back();
  live_.pop_back();
  spans_.erase(reinterpret_cast<uintptr_t>(live.at));
  held_bytes_[live.cpu] -= live.bytes;
  return live;
}

// I2. Page runs go back at home, as stacks do.
void AllocatorWorld::Free(const Live& live, size_t on_cpu) {
  if (!IsFilled(live.at, live.bytes, live.fill)) {
    Fail("%p with %zu bytes of CPU %zu was changed while it was live", static_cast<void*>(live.at), live.bytes,
         live.cpu);
  }
  if (live.kind == Kind::kPages) {
    Enter(live.cpu);
    return CpuAt(live.cpu).partition().FreePages(live.at);
  }
  Enter(on_cpu);
  if (toro::UsableBytes(live.at) != live.bytes) Fail("%p has another size than before", static_cast<void*>(live.at));
  // Where nothing may wait, and nothing can be allocated, no more than this can be freed before the others step.
  if (CpuAt(on_cpu).return_path().counters().waiting >= toro::ReturnPath::kReserveObjects / kMostCpus) StepAll();
  Enter(on_cpu);
  toro::FreeBytes(live.at);
}

bool AllocatorWorld::StepAll() {
  bool worked = false;
  for (size_t cpu = 0; cpu < cpus_; ++cpu) {
    Enter(cpu);
    Cpu& here = CpuAt(cpu);
    worked |= here.Step() || here.return_path().waiting() || here.exchange().waiting();
  }
  return worked;
}

void AllocatorWorld::FreeOne(bool elsewhere) {
  if (live_.empty()) return;
  Live live = Drop(choices_.Below(static_cast<uint32_t>(live_.size())));
  Free(live, elsewhere ? choices_.Below(static_cast<uint32_t>(cpus_)) : live.cpu);
}

// Every second one of a stretch, which leaves holes; or all of it. On one CPU, so that channels fill up.
void AllocatorWorld::FreeBurst() {
  size_t count = choices_.Below(kMostBurst);
  size_t stride = 1 + choices_.Below(2);
  size_t on_cpu = choices_.Below(static_cast<uint32_t>(cpus_));
  for (size_t at = live_.size(); count > 0 && at >= stride; --count) {
    at -= stride;
    Free(Drop(at), on_cpu);
  }
}

// I5. Each must be named at once, by the CPU that made it.
void AllocatorWorld::Misuse() {
  if (live_.empty()) return;
  size_t index = choices_.Below(static_cast<uint32_t>(live_.size()));
  Live live = live_[index];
  struct Call {
    void* pointer;
    static void Free(void* call) { toro::FreeBytes(static_cast<Call*>(call)->pointer); }
    static void Align(void*) { (void)toro::AllocateAlignedBytes(64, 48); }
  } call{live.at};
  auto expect = [&call](void (*misuse)(void*), const char* words) {
    const char* message = MessageOfMisuse(misuse, &call);
    if (std::strstr(message, words) == nullptr)
      Fail("%p: a misuse was named '%s', not '%s'", call.pointer, message, words);
  };
  Enter(live.cpu);
  switch (choices_.Below(4)) {
    case 0:
      if (live.kind == Kind::kPages) return;
      Drop(index);
      Free(live, live.cpu);
      return expect(&Call::Free, "free");
    case 1:
      if (live.kind == Kind::kPages) return;
      call.pointer = live.at + 8;
      return expect(&Call::Free, "no allocation returned");
    case 2: {
      char local[16];
      call.pointer = local;
      return expect(&Call::Free, "no partition");
    }
    default: return expect(&Call::Align, "power of two");
  }
}

// Lets every CPU step until nothing is under way. I4.
void AllocatorWorld::Settle() {
  while (StepAll()) {
  }
  for (size_t cpu = 0; cpu < cpus_; ++cpu) CheckBalance(cpu);
}

void AllocatorWorld::CheckBalance(size_t cpu) {
  size_t used = CpuAt(cpu).partition().Statistics().used_bytes;
  if (used != base_bytes_[cpu] + held_bytes_[cpu]) {
    Fail("CPU %zu says that %zu bytes are used; it began with %zu, and %zu are held", cpu, used, base_bytes_[cpu],
         held_bytes_[cpu]);
  }
}

}  // namespace fuzz
