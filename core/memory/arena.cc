#include "core/memory/arena.h"

#include "core/base/check.h"

namespace toro {

void Arena::Misused(size_t align_bytes) const {
  CheckOwner();
  TORO_CHECK(IsPowerOfTwo(align_bytes), "alignment must be a power of two");
  __builtin_unreachable();
}

void Arena::CheckOwner() const {
  TORO_CHECK(IsOwner(), stack_bytes_ == 0
                            ? "an arena was used on another CPU than the one it belongs to; make one there"
                            : "a thread's arena was used by another thread or by a message handler; each has its own");
}

Arena::Block* Arena::Take(size_t bytes) {
  auto* block = static_cast<Block*>(source_->allocate(bytes));
  if (block == nullptr) return nullptr;
  block->bytes = bytes;
  held_bytes_ += bytes;
  return block;
}

void Arena::Give(Block* block) {
  held_bytes_ -= block->bytes;
  source_->free(block, block->bytes);
}

// I4. The larger one, which serves more marks.
void Arena::KeepSpare(Block* block) {
  if (spare_ == nullptr) {
    spare_ = block;
  } else if (spare_->bytes < block->bytes) {
    Give(spare_);
    spare_ = block;
  } else {
    Give(block);
  }
}

bool Arena::AddChunk() {
  Block* chunk = spare_;
  if (chunk != nullptr && chunk->bytes >= next_chunk_bytes_) {
    spare_ = nullptr;
  } else {
    chunk = Take(next_chunk_bytes_);
    if (chunk == nullptr) return false;
  }
  if (next_chunk_bytes_ < kLargestChunkBytes) next_chunk_bytes_ *= 2;
  chunk->older = chunks_;
  chunks_ = chunk;
  next_ = reinterpret_cast<uintptr_t>(chunk) + kHeaderBytes;
  end_ = reinterpret_cast<uintptr_t>(chunk) + chunk->bytes;
  return true;
}

void* Arena::AllocateSlowly(size_t bytes, size_t align_bytes) {
  TORO_CHECK(align_bytes <= kPageBytes, "an arena aligns to a page at most; take such memory from the partition");
  if (bytes + align_bytes < bytes) return nullptr;
  if (bytes + align_bytes > next_chunk_bytes_ / 4) return AllocateAside(bytes, align_bytes);
  if (!AddChunk()) return nullptr;
  return Allocate(bytes, align_bytes);
}

// I1, I2.
void* Arena::AllocateAside(size_t bytes, size_t align_bytes) {
  size_t front = kHeaderBytes + align_bytes;
  if (bytes + front < bytes) return nullptr;
  Block* block = Take(bytes + front);
  if (block == nullptr) return nullptr;
  block->older = large_;
  large_ = block;
  return reinterpret_cast<void*>(AlignUp(reinterpret_cast<uintptr_t>(block) + kHeaderBytes, align_bytes));
}

Arena::Mark Arena::MakeMark() {
  CheckOwner();
  Mark mark;
  mark.chunk = chunks_;
  mark.large = large_;
  mark.next = next_;
  mark.bytes = next_chunk_bytes_;
  mark.depth = ++depth_;
  return mark;
}

void Arena::ReleaseTo(const Mark& mark) {
  CheckOwner();
  TORO_CHECK(mark.depth == depth_,
             "scratch memory was released out of order: this mark was released before, or a later one is still open");
  --depth_;
  while (large_ != mark.large) {
    Block* older = large_->older;
    Give(large_);
    large_ = older;
  }
  while (chunks_ != mark.chunk) {
    Block* older = chunks_->older;
    KeepSpare(chunks_);
    chunks_ = older;
  }
  next_chunk_bytes_ = mark.bytes;
  next_ = mark.next;
  end_ = chunks_ != nullptr ? reinterpret_cast<uintptr_t>(chunks_) + chunks_->bytes : 0;
}

void Arena::Release() {
  CheckOwner();
  TORO_CHECK(depth_ == 0, "an arena was released while scratch memory of it is in use; leave the scopes first");
  ReleaseAll();
}

void Arena::ReleaseAll() {
  for (Block** list : {&large_, &chunks_, &spare_}) {
    Block* block = *list;
    *list = nullptr;
    while (block != nullptr) {
      Block* older = list == &spare_ ? nullptr : block->older;
      Give(block);
      block = older;
    }
  }
  next_ = end_ = 0;
  next_chunk_bytes_ = kFirstChunkBytes;
  depth_ = 0;
}

}  // namespace toro
