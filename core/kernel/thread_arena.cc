#include "core/kernel/thread_arena.h"

#include <memory>

#include "core/kernel/cpu.h"

namespace toro {
namespace {

void* TakeChunk(size_t bytes) {
  Cpu& here = Cpu::Current();
  here.AssertHere();
  void* chunk = here.partition().Allocate(bytes);
  if (chunk != nullptr) here.arenas().taken_bytes += bytes;
  return chunk;
}

void TakeChunksHome(Cpu& here, CpuId, const uint64_t* words, size_t count) TORO_ON(here) {
  for (size_t i = 0; i + 1 < count; i += 2) {
    here.arenas().given_back_bytes += words[i + 1];
    here.partition().Free(reinterpret_cast<void*>(words[i]));
  }
}

// A chunk of another CPU goes home with its length, so that its owner can count it; where the channel is full, as any
// other object does, and is counted here.
void GiveChunk(void* chunk, size_t bytes) {
  Cpu& here = Cpu::Current();
  here.AssertHere();
  size_t owner = here.owners().OwnerOf(chunk);
  const uint64_t words[] = {reinterpret_cast<uint64_t>(chunk), bytes};
  if (owner != here.id().index() && owner != OwnerTable::kNoOwner &&
      here.exchange().Pack(CpuId{owner}, &TakeChunksHome, words, 2)) {
    return;
  }
  here.arenas().given_back_bytes += bytes;
  here.Free(chunk);
}

}  // namespace

constinit const ArenaSource kPartitionSource{&TakeChunk, &GiveChunk};

Arena& ThreadArena() {
  Scheduler& here = Scheduler::Current();
  TORO_CHECK(here.MayBlock(), "asked for a thread's arena outside of a thread; make an Arena of the CPU instead");
  Thread& self = *here.current();
  if (!self.arena.made()) {
    std::construct_at(&self.arena, kPartitionSource, self.stack_low + kPageBytes, self.stack_bytes);
  }
  return self.arena;
}

}  // namespace toro
