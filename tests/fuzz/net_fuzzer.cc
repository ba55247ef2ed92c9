// A whole stack under libFuzzer: see net_world.h for what is checked.
#include "tests/fuzz/net_world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  fuzz::ByteChoices choices(bytes, count);
  fuzz::NetWorld(choices).Run();
  return 0;
}
