// PrintMemoryUse: what each CPU has, holds and exchanges, as text for people.
#ifndef CORE_KERNEL_MEMORY_USE_H_
#define CORE_KERNEL_MEMORY_USE_H_

namespace toro {

// Prints a table with a line per CPU and one for all, from what each CPU says of itself: no CPU is stopped, so the
// lines are of slightly different moments. KiB. Thread context of any CPU; waits for each CPU once.
void PrintMemoryUse();

}  // namespace toro

#endif  // CORE_KERNEL_MEMORY_USE_H_
