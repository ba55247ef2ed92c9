// The functions of ReturnPath. Included where it is instantiated: return_path.cc for the product, tests/models for the
// proof.
#ifndef CORE_KERNEL_RETURN_PATH_WORK_H_
#define CORE_KERNEL_RETURN_PATH_WORK_H_

#include <algorithm>
#include <new>

#include "core/base/check.h"
#include "core/kernel/return_path.h"

namespace toro {

template <typename Parts>
void BasicReturnPath<Parts>::TakeHome(Here& here, CpuId, const uint64_t* words, size_t count) {
  for (size_t i = 0; i < count; ++i) here.return_path().Arrive(reinterpret_cast<void*>(words[i]));
}

template <typename Parts>
BasicReturnPath<Parts>::BasicReturnPath(Exchange& exchange, Partition& partition)
    : exchange_(exchange), partition_(partition) {
  for (Chunk& chunk : reserve_) {
    chunk.next = free_reserve_;
    free_reserve_ = &chunk;
  }
}

template <typename Parts>
typename BasicReturnPath<Parts>::Chunk* BasicReturnPath<Parts>::TakeChunk() {
  if (void* memory = partition_.Allocate(sizeof(Chunk))) return new (memory) Chunk;
  Chunk* chunk = free_reserve_;
  if (chunk != nullptr) {
    free_reserve_ = chunk->next;
    chunk->next = nullptr;
  }
  return chunk;
}

template <typename Parts>
void BasicReturnPath<Parts>::GiveChunk(Chunk* chunk) {
  if (chunk < reserve_ || chunk >= reserve_ + kReserve) {
    partition_.Free(chunk);
    return;
  }
  chunk->next = free_reserve_;
  free_reserve_ = chunk;
}

template <typename Parts>
void BasicReturnPath<Parts>::Give(CpuId owner, void* object) {
  ++counters_.given;
  if (!exchange_.PackWord(owner, &TakeHome, reinterpret_cast<uint64_t>(object))) Keep(owner, object);
}

// The channel is full.
template <typename Parts>
void BasicReturnPath<Parts>::Keep(CpuId owner, void* object) {
  ++counters_.waited;
  Chunk*& list = waiting_[owner.index()];
  while (list == nullptr || list->count == Chunk::kObjects) {
    if (Chunk* chunk = TakeChunk()) {
      // To find memory messages may have been taken, which may have freed, and changed the list.
      chunk->next = list;
      list = chunk;
      continue;
    }
    Parts::YieldForRoom();
    Retry();
  }
  list->objects[list->count++] = object;
  counters_.most_waiting = std::max(counters_.most_waiting, ++counters_.waiting);
}

template <typename Parts>
void BasicReturnPath<Parts>::Retry() {
  for (size_t owner = 0; owner < exchange_.cpus() && counters_.waiting > 0; ++owner) {
    Chunk*& list = waiting_[owner];
    while (list != nullptr) {
      while (list->count > 0) {
        const auto word = reinterpret_cast<uint64_t>(list->objects[list->count - 1]);
        if (!exchange_.PackWord(CpuId{owner}, &TakeHome, word)) break;
        --list->count;
        --counters_.waiting;
      }
      if (list->count > 0) break;
      Chunk* empty = list;
      list = empty->next;
      GiveChunk(empty);
    }
  }
}

}  // namespace toro

#endif  // CORE_KERNEL_RETURN_PATH_WORK_H_
