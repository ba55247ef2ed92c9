#include <cstdio>
#include "core/kernel/cpu_fault.h"
#include "core/kernel/toro.h"
namespace {
volatile int zero = 0;
void Try() {
  try {
    std::printf("%d\n", 5 / zero);
  } catch (const toro::DivideFault& fault) {
    std::printf("CPU %zu: %s at %p\n", toro::CurrentCpu().index(), fault.what(), (void*)fault.instruction());
  }
}
}  // namespace
int main(int argc, char**) {
  Try();
  auto t = toro::Spawn(toro::CpuId{1}, [] {
    Try();
    Try();
  });
  (void)toro::Join(t.value());
  std::printf("END\n");
  if (argc > 1) return 5 / zero;
  return 0;
}
