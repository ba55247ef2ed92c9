// ThreadBlock: what the C and C++ libraries keep per thread, at the thread pointer (FS base).
//
// WHY. The archives that the image links (libstdc++, libgcc, musl) were compiled against fixed offsets from FS:
// thread_local variables below it, and above it musl's own per-thread words. A thread takes the block along when it
// migrates.
//
// LAYOUT of a block (variant II of [elf-tls 3]; addresses grow to the right)
//
//     block                                     thread pointer
//     | slack | .tdata image | .tbss, zero | pad | ThreadBlock |
//             '------- a multiple of the segment's alignment
//
//   The linker gives a variable the offset (its place in the segment) - AlignUp(segment bytes, segment alignment): so
//   the segment's *start* lies AlignUp(...) below the thread pointer, and the pad is at its end, not at its start.
//   The slack exists only when a variable is aligned to more than the 64 bytes that a block is.
#ifndef PLATFORM_BAREMETAL_RUNTIME_THREAD_BLOCK_H_
#define PLATFORM_BAREMETAL_RUNTIME_THREAD_BLOCK_H_

#include <cstddef>
#include <cstdint>

namespace toro::runtime {

// A destructor of a thread_local variable that still has to run.
struct ThreadDestructor {
  void (*function)(void*);
  void* object;
  ThreadDestructor* next;
};

// Offsets below 200 are those of musl 1.2's `struct pthread`; the linked objects name only the ones that have a name
// here.
struct alignas(64) ThreadBlock {
  ThreadBlock* self;  // %fs:0 reads the thread pointer [elf-tls 3.4.6]
  char unused_1[32];
  uint64_t canary;  // what -fstack-protector compares the frames of this thread with
  char unused_4[4];
  int error_number;  // errno
  char unused_2[112];
  void* locale;  // of the C functions
  char unused_3[24];

  ThreadDestructor* destructors;
};
static_assert(offsetof(ThreadBlock, canary) == 40);  // [psabi 3.4.6]
static_assert(offsetof(ThreadBlock, error_number) == 52);
static_assert(offsetof(ThreadBlock, locale) == 168);
static_assert(offsetof(ThreadBlock, destructors) == 200);

// The block of the boot CPU until it has memory for one. boot.S makes it the thread pointer.
extern "C" ThreadBlock early_thread_block;

// Gives the early block its canary. Boot CPU, once, from a function that never returns: a frame that stands meanwhile
// would not recognise it.
void StartCanaries();

// The block at `thread_pointer` takes over from the early one, in the middle of frames that go on.
void ReplaceEarlyBlock(void* thread_pointer);

// The thread pointer that belongs to a block of ThreadLocalBytes() bytes: what FS base must be while the thread runs.
void* ThreadPointerOf(void* block);

// Of the thread that executes this.
inline ThreadBlock& CurrentThreadBlock() {
  ThreadBlock* self;
  asm volatile("movq %%fs:0, %0" : "=r"(self));
  return *self;
}

// A number that no other living thread has; never 0.
inline uint32_t CurrentThreadNumber() {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&CurrentThreadBlock()) >> 6);
}

// Runs the destructors of the calling thread's thread_local variables, the newest first.
void RunThreadDestructors();

}  // namespace toro::runtime

#endif  // PLATFORM_BAREMETAL_RUNTIME_THREAD_BLOCK_H_
