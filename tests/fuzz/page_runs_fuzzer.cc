// The page runs of one partition under libFuzzer: see page_runs_world.h for what is checked.
#include "tests/fuzz/page_runs_world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  static fuzz::DirtyMemory memory(fuzz::PageRunsWorld::kLeastMemoryBytes);
  fuzz::ByteChoices choices(bytes, count);
  fuzz::PageRunsWorld(choices, memory).Run();
  return 0;
}
