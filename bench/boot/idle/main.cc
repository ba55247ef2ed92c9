// idle: says that it is ready, and then waits for ever. bench/boot measures what that costs the host.
#include "core/kernel/toro.h"

int main() {
  toro::Print("READY\n");
  for (;;) toro::SleepFor(uint64_t{3600} * 24 * toro::kNsPerSecond);
}
