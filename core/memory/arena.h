// Arena: memory that is taken piece by piece and given back all at once. A bump pointer in chunks.
//
// WHY. A request, a thread, a parse: what they allocate dies together. Taking is an addition, giving back is a list of
// chunks, and no object has a header or is ever looked at again. A mark gives back what was taken since (ScratchScope).
//
// WHOSE. An arena that is constructed belongs to the CPU that constructed it: all its threads may use it, since they do
// not interrupt each other. A thread's own arena (core/kernel/thread_arena.h) belongs to that thread and travels with
// it; whose stack executes is the test. Use by anybody else is caught and named.
//
// INVARIANTS
//   I1. Chunks double from kFirstChunkBytes to kLargestChunkBytes; what is larger than a quarter of the next chunk is
//       allocated aside. So at most about half of what an arena holds is unused, whatever is asked of it.
//   I2. Chunks and large objects are lists, newest first, each with a header in front: a release frees what is newer
//       than the mark, and touches nothing else.
//   I3. Marks are released in the order opposite to that in which they were made; `depth_` is how many are open.
//   I4. One chunk that a release emptied is kept, so that a mark near the end of a chunk costs no allocation each time.
//       Release() keeps none.
//
// COST. Allocate: the owner's test, an addition, two comparisons. Release: a free per chunk and per large object.
#ifndef CORE_MEMORY_ARENA_H_
#define CORE_MEMORY_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/units.h"
#include "core/machine/machine.h"

namespace toro {

// Where an arena takes its chunks from, and gives them back to.
struct ArenaSource {
  void* (*allocate)(size_t bytes);          // 16-byte aligned; null: no room
  void (*free)(void* chunk, size_t bytes);  // on any CPU
};

// The partition of the CPU that executes, and any partition. Defined where all partitions are known (core/kernel).
extern const ArenaSource kPartitionSource;

class Arena {
 public:
  static constexpr size_t kFirstChunkBytes = 4 * kKiB;
  static constexpr size_t kLargestChunkBytes = 256 * kKiB;

  // An arena of the CPU that executes this. Takes nothing yet. Any context.
  explicit Arena(const ArenaSource& source = kPartitionSource)
      : source_(&source), cpu_anchor_(Machine::CurrentCpuAnchor()) {}

  // An arena of whoever runs on the stack [low, low + bytes).
  Arena(const ArenaSource& source, const void* stack_low, size_t stack_bytes)
      : source_(&source), stack_low_(reinterpret_cast<uintptr_t>(stack_low)), stack_bytes_(stack_bytes) {}

  // Room for an arena that is not made yet (std::construct_at). Nobody may use it.
  enum class Unmade { kUnmade };
  constexpr explicit Arena(Unmade) {}
  bool made() const { return source_ != nullptr; }

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    if (holds_anything() || depth_ != 0) Release();
  }

  // `bytes` aligned to `align_bytes`, a power of two up to a page. 0 bytes give a unique pointer. Null: the partition
  // has no room. Its owner only (see WHOSE), in any context of it; never blocks.
  void* Allocate(size_t bytes, size_t align_bytes = 16) {
    if (__builtin_expect(!IsOwner() || !IsPowerOfTwo(align_bytes), 0)) Misused(align_bytes);
    uintptr_t at = AlignUp(next_, align_bytes);
    if (__builtin_expect(at > end_ || bytes >= end_ - at, 0)) return AllocateSlowly(bytes, align_bytes);
    next_ = at + (bytes == 0 ? 1 : bytes);
    return reinterpret_cast<void*>(at);
  }

  // A T in the arena. Nobody runs its destructor. Null: no room.
  template <typename T, typename... Arguments>
  T* New(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    void* memory = Allocate(sizeof(T), alignof(T));
    return memory != nullptr ? new (memory) T(std::forward<Arguments>(arguments)...) : nullptr;
  }

  // Gives everything back. Stops when a mark is open. The owner only.
  void Release();

  // Where the arena stands, to go back to.
  class Mark {
    friend class Arena;
    const void* chunk = nullptr;
    const void* large = nullptr;
    uintptr_t next = 0;
    size_t bytes = 0;
    size_t depth = 0;
  };
  Mark MakeMark();

  // Gives back what was allocated since `mark` was made. Stops when it is not the newest open mark: released twice, or
  // before a later one. The owner only.
  void ReleaseTo(const Mark& mark);

  // The owner has ended: as Release, whatever is open, by whoever executes.
  void EndOwner() {
    if (holds_anything() || depth_ != 0) ReleaseAll();
  }

  bool holds_anything() const { return chunks_ != nullptr || large_ != nullptr || spare_ != nullptr; }

  // Bytes of chunks and large objects that are held; bytes that were asked for; open marks.
  size_t held_bytes() const { return held_bytes_; }
  size_t depth() const { return depth_; }

 private:
  struct Block {
    Block* older;
    size_t bytes;  // with this header
  };
  static constexpr size_t kHeaderBytes = sizeof(Block);
  static_assert(kHeaderBytes % 16 == 0);

  bool IsOwner() const {
    if (stack_bytes_ == 0) return Machine::CurrentCpuAnchor() == cpu_anchor_;
    return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - stack_low_ < stack_bytes_;
  }

  [[noreturn]] void Misused(size_t align_bytes) const;
  void CheckOwner() const;
  void* AllocateSlowly(size_t bytes, size_t align_bytes);
  void* AllocateAside(size_t bytes, size_t align_bytes);
  bool AddChunk();
  void ReleaseAll();
  Block* Take(size_t bytes);
  void Give(Block* block);
  void KeepSpare(Block* block);

  uintptr_t next_ = 0;  // [next_, end_) is free in the newest chunk
  uintptr_t end_ = 0;
  const ArenaSource* source_ = nullptr;
  void* cpu_anchor_ = nullptr;
  uintptr_t stack_low_ = 0;
  size_t stack_bytes_ = 0;  // 0: the owner is a CPU
  Block* chunks_ = nullptr;
  Block* large_ = nullptr;
  Block* spare_ = nullptr;
  size_t next_chunk_bytes_ = kFirstChunkBytes;
  size_t held_bytes_ = 0;
  size_t depth_ = 0;
};

// Scratch memory: what is allocated in the arena while this lives is given back when it dies. Nests as deep as there is
// stack. On the stack of the arena's owner.
class ScratchScope {
 public:
  explicit ScratchScope(Arena& arena) : arena_(arena), mark_(arena.MakeMark()) {}
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;
  ~ScratchScope() { arena_.ReleaseTo(mark_); }

  void* Allocate(size_t bytes, size_t align_bytes = 16) { return arena_.Allocate(bytes, align_bytes); }

 private:
  Arena& arena_;
  Arena::Mark mark_;
};

}  // namespace toro

#endif  // CORE_MEMORY_ARENA_H_
