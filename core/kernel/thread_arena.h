// ThreadArena: the private heap of the thread that asks, and scratch memory on top of it.
//
//     toro::Arena& heap = toro::ThreadArena();
//     auto* words = static_cast<Word*>(heap.Allocate(count * sizeof(Word)));   // gone when the thread ends
//     {
//       toro::ScratchScope scratch(heap);
//       char* line = static_cast<char*>(scratch.Allocate(4096));              // gone at the brace
//     }
//
// WHY. What a thread allocates for itself dies with it: no free, no leak, and no other thread touches it. The arena
// takes its first chunk when the first byte is asked for, from the partition of the CPU on which the thread then runs,
// so a thread without private memory pays nothing. It travels with the thread. All of it is given back at the thread's
// home when the thread has ended, before a joiner hears of it, detached threads included.
#ifndef CORE_KERNEL_THREAD_ARENA_H_
#define CORE_KERNEL_THREAD_ARENA_H_

#include "core/memory/arena.h"

namespace toro {

// Valid until the calling thread ends. Thread context; does not block.
Arena& ThreadArena();

}  // namespace toro

#endif  // CORE_KERNEL_THREAD_ARENA_H_
