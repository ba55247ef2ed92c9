// The allocator under libFuzzer: see allocator_world.h for what is checked.
#include "tests/fuzz/allocator_world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  static fuzz::DirtyMemory memory(fuzz::AllocatorWorld::kLeastMemoryBytes);
  fuzz::ByteChoices choices(bytes, count);
  fuzz::AllocatorWorld(choices, memory).Run();
  return 0;
}
