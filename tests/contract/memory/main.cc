// The contract of memory beyond malloc: arenas, scratch memory, memory resources, DMA buffers, regions. The argument
// `metal` says that the world is the bare machine, where a region may go without the cache.
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernel/allocation.h"
#include "core/kernel/dma.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/memory_resources.h"
#include "core/kernel/memory_use.h"
#include "core/kernel/region.h"
#include "core/kernel/thread_arena.h"
#include "core/kernel/toro.h"
#include "tests/contract/contract.h"
#include "tests/contract/memory/parts.h"
#include "tests/contract/used_bytes.h"

namespace {

using contract::Check;
using contract::ComesBackTo;
using contract::UsedBytes;
using toro::Arena;
using toro::CpuId;
using toro::Status;
using toro::ThreadArena;

CpuId LastCpu() { return CpuId{toro::CpuCount() - 1}; }

// What the arenas of all CPUs hold together.
uint64_t ArenaBytes() {
  uint64_t bytes = 0;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    toro::ArenaCounters arenas = toro::Statistics(CpuId{i}).arenas;
    bytes += arenas.taken_bytes - arenas.given_back_bytes;
  }
  return bytes;
}

bool ArenasComeBackTo(uint64_t bytes) {
  for (int i = 0; i < 100'000 && ArenaBytes() > bytes; ++i) toro::Yield();
  return ArenaBytes() == bytes;
}

bool Holds(const char* at, size_t bytes, char value) {
  for (size_t i = 0; i < bytes; ++i) {
    if (at[i] != value) return false;
  }
  return true;
}

char* Filled(Arena& arena, size_t bytes, char value) {
  char* at = static_cast<char*>(arena.Allocate(bytes));
  for (size_t i = 0; at != nullptr && i < bytes; ++i) at[i] = value;
  return at;
}

// ---- a thread's arena ----

void AThreadsArenaIsGoneBeforeItsJoinerHears() {
  uint64_t before = ArenaBytes();
  bool all = true;
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    for (int round = 0; round < 100; ++round) {
      auto thread = toro::Spawn(CpuId{i}, [] {
        (void)Filled(ThreadArena(), 100, 1);
        (void)Filled(ThreadArena(), 100'000, 2);
      });
      all = all && toro::Join(thread.value()) == Status::kOk && ArenaBytes() == before;
    }
  }
  Check(all, "a thread's arena is gone before its joiner hears of the end");
}

void EveryThreadHasAnArenaOfItsOwn() {
  bool right = true;
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < 4 * toro::CpuCount(); ++i) {
    auto thread = toro::Spawn(CpuId{i % toro::CpuCount()}, [i, &right] {
      auto value = static_cast<char>(i + 1);
      bool mine = true;
      for (int round = 0; round < 20; ++round) {
        char* at = Filled(ThreadArena(), 700, value);
        toro::Yield();
        mine = mine && Holds(at, 700, value);
      }
      if (!mine) toro::Call(toro::kBootCpu, [&right] { right = false; });
    });
    threads.push_back(thread.value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(right, "every thread of every CPU has an arena of its own");
}

void AnArenaTravelsWithItsThreadAndEndsAtHome() {
  uint64_t arenas = ArenaBytes();
  size_t home = UsedBytes(toro::kBootCpu);
  size_t away = UsedBytes(LastCpu());
  bool kept = true;
  for (int round = 0; round < 50; ++round) {
    auto thread = toro::Spawn(toro::kBootCpu, [&kept] {
      char* first = Filled(ThreadArena(), 1000, 5);
      (void)toro::Migrate(LastCpu());
      char* second = Filled(ThreadArena(), 30'000, 6);
      char* third = Filled(ThreadArena(), 300'000, 7);
      if (!Holds(first, 1000, 5) || !Holds(second, 30'000, 6) || !Holds(third, 300'000, 7)) {
        toro::Call(toro::kBootCpu, [&kept] { kept = false; });
      }
    });
    (void)toro::Join(thread.value());
  }
  Check(kept, "an arena travels with its thread, and grows where the thread is");
  Check(ArenasComeBackTo(arenas), "an arena whose thread ended away from home is released");
  Check(ComesBackTo(LastCpu(), away) && ComesBackTo(toro::kBootCpu, home),
        "its chunks go back to the partitions that they came from");
}

struct Tally {
  toro::Mailbox<bool>* done;
  bool waits;
};

void DetachedThreadsReleaseTheirArenas() {
  constexpr int kThreads = 200;
  uint64_t before = ArenaBytes();
  bool fresh = true;
  {
    toro::Mailbox<bool> done;
    Tally brief{&done, false};
    Tally waiting{&done, true};
    for (int i = 0; i < kThreads; ++i) {
      (void)toro::SpawnDetached(
          CpuId{static_cast<size_t>(i) % toro::CpuCount()},
          [](void* argument) {
            auto& tally = *static_cast<Tally*>(argument);
            // A thread that runs on the stack of one that has ended finds nothing of it.
            bool empty = ThreadArena().held_bytes() == 0;
            (void)Filled(ThreadArena(), 5000, 3);
            if (tally.waits) toro::Yield();
            (void)tally.done->Send(empty);
          },
          i % 3 == 0 ? &waiting : &brief);
      if (i % 20 == 19) {
        for (int k = 0; k < 20; ++k) fresh = done.Receive() && fresh;
      }
    }
  }
  Check(fresh, "a detached thread begins with an empty arena");
  Check(ArenasComeBackTo(before), "detached threads release their arenas");
}

// ---- scratch memory ----

size_t Nest(Arena& arena, size_t depth) {
  if (depth == 0) return arena.depth();
  toro::ScratchScope scratch(arena);
  char* mine = Filled(arena, 300, static_cast<char>(depth));
  size_t deepest = Nest(arena, depth - 1);
  return Holds(mine, 300, static_cast<char>(depth)) ? deepest : 0;
}

void ScratchScopesNest() {
  Arena& arena = ThreadArena();
  size_t before = arena.held_bytes();
  Check(Nest(arena, 128) == 128 && arena.depth() == 0, "scratch scopes nest 128 deep");
  size_t once = arena.held_bytes();
  for (int i = 0; i < 100; ++i) (void)Nest(arena, 128);
  Check(arena.held_bytes() <= once && once <= before + Arena::kLargestChunkBytes, "and leave nothing behind");
  arena.Release();
  Check(arena.held_bytes() == 0, "an arena can be released at any time");
}

// ---- arenas of a CPU ----

void AnArenaServesAllThreadsOfItsCpu() {
  Arena arena;
  bool right = true;
  std::vector<toro::ThreadId> threads;
  for (int i = 0; i < 8; ++i) {
    auto thread = toro::Spawn(toro::kBootCpu, [&arena, &right, i] {
      char* at = Filled(arena, 100, static_cast<char>(i));
      toro::Yield();
      right = right && Holds(at, 100, static_cast<char>(i));
    });
    threads.push_back(thread.value());
  }
  for (toro::ThreadId thread : threads) (void)toro::Join(thread);
  Check(right, "an arena serves all threads of its CPU");
  int sum = toro::Call(LastCpu(), [] {
    Arena of_a_handler;
    char* at = Filled(of_a_handler, 50, 2);
    return at[0] + at[49];
  });
  Check(sum == 4, "a message handler may have an arena");
}

void AnExhaustedPartitionRefusesAndRecovers() {
  size_t used = UsedBytes(toro::kBootCpu);
  bool refused = false;
  {
    Arena arena;
    while (arena.Allocate(200'000) != nullptr) {
    }
    while (arena.Allocate(64) != nullptr) {
    }
    toro::ArenaResource resource(arena);
    try {
      std::pmr::vector<int> numbers(1000, &resource);
    } catch (const std::bad_alloc&) {
      refused = true;
    }
  }
  Check(refused, "an exhausted partition makes a memory resource throw std::bad_alloc");
  Check(ComesBackTo(toro::kBootCpu, used), "and everything is back when the arena dies");
}

// ---- memory resources ----

void ContainersLiveInArenasAndPartitions() {
  uint64_t before = ArenaBytes();
  auto thread = toro::Spawn(LastCpu(), [] {
    toro::ArenaResource resource(ThreadArena());
    std::pmr::vector<std::pmr::string> words(&resource);
    for (int i = 0; i < 500; ++i) words.emplace_back("a word that is longer than what a string holds inside");
    if (words.back().size() != 53) toro::Print("wrong\n");
  });
  Check(toro::Join(thread.value()) == Status::kOk && ArenaBytes() == before, "containers live in a thread's arena");

  toro::PartitionResource here;
  size_t used = UsedBytes(toro::kBootCpu);
  auto* numbers = new (here.allocate(sizeof(std::pmr::vector<int>))) std::pmr::vector<int>(10'000, 7, &here);
  toro::Call(LastCpu(), [numbers] { numbers->~vector(); });
  here.deallocate(numbers, sizeof *numbers);
  Check(ComesBackTo(toro::kBootCpu, used), "a container of a partition may be destroyed on any CPU");
  toro::PartitionResource there;
  Arena first, second;
  toro::ArenaResource a(first), b(second), c(first);
  Check(here == there && a != b && a == c && !(here == a),
        "resources are equal when each may free what the other gave");
}

// ---- DMA buffers ----

void DmaBuffersKeepToTheirLimits() {
  size_t used = UsedBytes(toro::kBootCpu);
  bool all = true;
  for (size_t bytes : {1, 100, 1500, 4096, 9000, 40'000, 65'536}) {
    for (size_t align_bytes : {1, 64, 4096}) {
      for (uint64_t boundary : {uint64_t{0}, uint64_t{65'536}, uint64_t{1} << 32}) {
        toro::DmaBuffer buffers[5];
        for (toro::DmaBuffer& buffer : buffers) {
          auto result = toro::AllocateDma(bytes, {.align_bytes = align_bytes, .boundary_bytes = boundary});
          all = all && result.ok();
          if (!result.ok()) continue;
          buffer = result.value();
          uint64_t last = buffer.physical + bytes - 1;
          all = all && buffer.bytes == bytes && buffer.physical % align_bytes == 0 &&
                buffer.physical == toro::PhysicalAddressOf(buffer.address) &&
                last == toro::PhysicalAddressOf(static_cast<char*>(buffer.address) + bytes - 1) &&
                (boundary == 0 || buffer.physical / boundary == last / boundary);
        }
        for (toro::DmaBuffer& buffer : buffers) toro::FreeDma(buffer);
      }
    }
  }
  Check(all, "DMA buffers are aligned and cross no boundary");
  Check(ComesBackTo(toro::kBootCpu, used), "and come back");
  toro::DmaBuffer buffer = toro::AllocateDma(100).value();
  toro::Call(LastCpu(), [buffer] { toro::FreeDma(buffer); });
  Check(ComesBackTo(toro::kBootCpu, used), "from another CPU too");
}

void ADmaBufferLiesBelowItsLimitThoughMostOfThatIsTaken() {
  size_t used = UsedBytes(toro::kBootCpu);
  constexpr size_t kBlock = 64 * toro::kKiB;
  // All of the partition in blocks; then one of the lower half is given back, and half of those above it.
  void* blocks = nullptr;
  uint64_t lowest = ~uint64_t{0}, highest = 0;
  while (void* block = toro::AllocateBytes(kBlock)) {
    *static_cast<void**>(block) = blocks;
    blocks = block;
    uint64_t physical = toro::PhysicalAddressOf(block);
    lowest = physical < lowest ? physical : lowest;
    highest = physical > highest ? physical : highest;
  }
  uint64_t limit = lowest + (highest - lowest) / 2;
  void* low = nullptr;
  for (void** at = &blocks; *at != nullptr;) {
    void* block = *at;
    uint64_t physical = toro::PhysicalAddressOf(block);
    bool is_low = low == nullptr && physical + kBlock <= limit;
    if (is_low || (physical > limit && physical / kBlock % 2 == 0)) {
      *at = *static_cast<void**>(block);
      if (is_low) low = block;
      toro::FreeBytes(block);
    } else {
      at = static_cast<void**>(block);
    }
  }
  int asked = 0;
  toro::SetOutOfMemoryHook(
      [](void* context, size_t) {
        ++*static_cast<int*>(context);
        return false;
      },
      &asked);
  auto found = toro::AllocateDma(kBlock, {.below_address = limit});
  auto none = toro::AllocateDma(kBlock, {.below_address = limit});
  toro::SetOutOfMemoryHook(nullptr, nullptr);
  Check(asked == 0, "nobody is told that memory has run out while a DMA buffer is looked for");
  Check(found.ok() && found.value().physical + kBlock <= limit && none.status() == Status::kOutOfMemory,
        "a DMA buffer lies below its limit though nearly all memory there is taken");
  if (found.ok()) toro::FreeDma(found.value());
  if (none.ok()) toro::FreeDma(none.value());
  while (blocks != nullptr) {
    void* next = *static_cast<void**>(blocks);
    toro::FreeBytes(blocks);
    blocks = next;
  }
  Check(ComesBackTo(toro::kBootCpu, used), "and what was held meanwhile is back");
}

void WrongDmaLimitsAreRefused() {
  bool all = toro::AllocateDma(0).status() == Status::kInvalidArgument;
  all = all && toro::AllocateDma(64, {.align_bytes = 48}).status() == Status::kInvalidArgument;
  all = all && toro::AllocateDma(64, {.align_bytes = 0}).status() == Status::kInvalidArgument;
  all = all && toro::AllocateDma(64, {.boundary_bytes = 100}).status() == Status::kInvalidArgument;
  all = all && toro::AllocateDma(65, {.boundary_bytes = 64}).status() == Status::kInvalidArgument;
  all = all && toro::AllocateDma(64, {.below_address = 4096}).status() == Status::kOutOfMemory;
  all = all && toro::AllocateDma(~size_t{0}).status() == Status::kOutOfMemory;
  Check(all, "wrong DMA limits are refused");
}

// ---- regions ----

// Whether pages can be uncached here: on the bare machine.
bool caches_can_be_chosen = false;

void RegionsKeepTheirContents() {
  size_t used = UsedBytes(toro::kBootCpu);
  bool all = true;
  for (size_t bytes : {size_t{1}, 3 * toro::kPageBytes, 3 * toro::kMiB}) {
    toro::Region region = toro::AllocateRegion(bytes).value();
    char* at = static_cast<char*>(region.address);
    for (size_t i = 0; i < region.bytes; ++i) at[i] = static_cast<char>(i / 7);
    for (toro::RegionAccess access : {toro::RegionAccess::kReadOnly, toro::RegionAccess::kNormal,
                                      toro::RegionAccess::kUncached, toro::RegionAccess::kWriteCombining}) {
      bool is_cache = access == toro::RegionAccess::kUncached || access == toro::RegionAccess::kWriteCombining;
      Status wanted = is_cache && !caches_can_be_chosen ? Status::kNotSupported : Status::kOk;
      all = all && toro::SetRegionAccess(region, access) == wanted;
      if (access != toro::RegionAccess::kReadOnly) ++at[region.bytes - 1], --at[region.bytes - 1];
      bool kept = toro::Call(LastCpu(), [at, bytes = region.bytes] {
        bool same = true;
        for (size_t i = 0; i < bytes; ++i) same = same && at[i] == static_cast<char>(i / 7);
        return same;
      });
      all = all && kept;
    }
    toro::FreeRegion(region);
  }
  Check(all, "a region keeps its contents, whatever its access, on every CPU");
  // Page tables are never given back: 4 KiB for each large page that was split.
  Check(ComesBackTo(toro::kBootCpu, used + 4 * toro::kPageBytes), "its pages come back");
}

void APageOfARegionIsReadOnlyByItself() {
  toro::Region region = toro::AllocateRegion(3 * toro::kPageBytes).value();
  auto* at = static_cast<volatile char*>(region.address);
  toro::Region middle{static_cast<char*>(region.address) + toro::kPageBytes, toro::kPageBytes};
  bool all = toro::SetRegionAccess(middle, toro::RegionAccess::kReadOnly) == Status::kOk;
  at[toro::kPageBytes - 1] = 1;
  at[2 * toro::kPageBytes] = 2;
  toro::FreeRegion(region);
  // What comes from there next is ordinary.
  toro::Region again = toro::AllocateRegion(3 * toro::kPageBytes).value();
  for (size_t i = 0; i < again.bytes; ++i) static_cast<volatile char*>(again.address)[i] = 3;
  toro::FreeRegion(again);
  Check(all, "a page of a region is read-only by itself, and ordinary when the region is freed");
}

void WrongRegionsAreRefused() {
  toro::Region region = toro::AllocateRegion(2 * toro::kPageBytes).value();
  auto set = [](void* address, size_t bytes) {
    return toro::SetRegionAccess({address, bytes}, toro::RegionAccess::kReadOnly);
  };
  char* at = static_cast<char*>(region.address);
  static char in_the_image[16];
  bool all = set(at + 16, toro::kPageBytes) == Status::kInvalidArgument;
  all = all && set(at, 100) == Status::kInvalidArgument && set(at, 0) == Status::kInvalidArgument;
  all = all && set(at, ~size_t{0} << 12) == Status::kInvalidArgument;
  all = all && set(in_the_image, toro::kPageBytes) == Status::kInvalidArgument;
  auto elsewhere = toro::Spawn(LastCpu(), [region, &all] {
    bool refused = toro::CpuCount() == 1 ||
                   toro::SetRegionAccess(region, toro::RegionAccess::kReadOnly) == Status::kInvalidArgument;
    toro::Call(toro::kBootCpu, [refused, &all] { all = all && refused; });
  });
  (void)toro::Join(elsewhere.value());
  all = all && toro::AllocateRegion(0).status() == Status::kInvalidArgument;
  all = all && toro::AllocateRegion(~size_t{0}).status() == Status::kOutOfMemory;
  all = all && toro::AllocateRegion(size_t{1} << 46).status() == Status::kOutOfMemory;
  at[0] = 1;
  toro::FreeRegion(region);
  Check(all, "wrong regions are refused");
}

}  // namespace

int main(int argc, char** argv) {
  caches_can_be_chosen = argc == 2 && std::string_view(argv[1]) == "metal";
  AThreadsArenaIsGoneBeforeItsJoinerHears();
  EveryThreadHasAnArenaOfItsOwn();
  AnArenaTravelsWithItsThreadAndEndsAtHome();
  DetachedThreadsReleaseTheirArenas();
  ScratchScopesNest();
  AnArenaServesAllThreadsOfItsCpu();
  AnExhaustedPartitionRefusesAndRecovers();
  ContainersLiveInArenasAndPartitions();
  DmaBuffersKeepToTheirLimits();
  ADmaBufferLiesBelowItsLimitThoughMostOfThatIsTaken();
  WrongDmaLimitsAreRefused();
  contract::MallocAndItsKin();
  RegionsKeepTheirContents();
  APageOfARegionIsReadOnlyByItself();
  WrongRegionsAreRefused();
  toro::PrintMemoryUse();
  return contract::End();
}
