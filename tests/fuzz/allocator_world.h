// AllocatorWorld: a whole cluster on one thread, and a shadow model of what its CPUs hold.
//
// WHY the real cluster: partitions, owner table, return path and exchange are those of the product; only the scheduler
// has nothing to run. What is under way between two CPUs is really in a channel, and arrives when the driver lets the
// receiver step.
//
// INVARIANTS, checked at every operation or at every settlement (when nothing is under way)
//   I1. What is handed out lies in the partition of the CPU that asked, is aligned as asked, has the bytes asked for
//       and at most an eighth more, and overlaps nothing that is live.
//   I2. Nobody but its holder changes an object.
//   I3. A refusal changes nothing.
//   I4. Settled, a CPU's used_bytes is what the model holds there, and at the end what it was at the start.
//   I5. A misuse is named, and changes nothing.
#ifndef TESTS_FUZZ_ALLOCATOR_WORLD_H_
#define TESTS_FUZZ_ALLOCATOR_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/base/units.h"
#include "core/kernel/cluster.h"
#include "tests/fuzz/choices.h"
#include "tests/fuzz/dirty_memory.h"

namespace fuzz {

class AllocatorWorld {
 public:
  // Boots a cluster whose size and memory map are chosen.
  AllocatorWorld(Choices& choices, DirtyMemory& memory);

  // Makes operations until there are none left, then gives everything back and looks whether it came home.
  void Run();

  static constexpr size_t kLeastMemoryBytes = 40 * toro::kMiB;

 private:
  enum class Kind : uint8_t { kObject, kPages };
  struct Live {
    unsigned char* at;
    size_t bytes;  // that the holder may use
    size_t cpu;    // that allocated it
    Kind kind;
    unsigned char fill;
  };

  void Boot();
  void Enter(size_t cpu);
  void Operate();
  void Allocate(size_t cpu);
  void AllocateBurst();
  void AllocatePages();
  void FreeOne(bool elsewhere);
  void FreeBurst();
  void Misuse();
  bool StepAll();
  void Settle();

  size_t ChooseBytes();
  void Hold(void* at, size_t asked, size_t align_bytes, size_t cpu, Kind kind);
  Live Drop(size_t index);
  void Free(const Live& live, size_t on_cpu);
  void CheckBalance(size_t cpu);
  void MisuseLive(const Live& live);

  Choices& choices_;
  DirtyMemory& memory_;
  size_t cpus_ = 0;
  std::vector<Live> live_;
  std::map<uintptr_t, uintptr_t> spans_;    // begin -> end of everything in live_
  size_t held_bytes_[toro::kMaxCpus] = {};  // of live_, by CPU
  size_t base_bytes_[toro::kMaxCpus] = {};  // what each CPU used before the first operation
  uint64_t operations_ = 0;
};

}  // namespace fuzz

#endif  // TESTS_FUZZ_ALLOCATOR_WORLD_H_
