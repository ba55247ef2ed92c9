// scheduler: one thread on CPU 0 and one on CPU 1 (if there is one) say hello while main yields.
#include <cstdio>

#include "core/kernel/toro.h"

namespace {

void Hello(int parameter) { std::printf("Hello from %d at %zu\n", parameter, toro::CurrentCpu().index()); }

}  // namespace

int main() {
  toro::CpuId second{toro::CpuCount() > 1 ? 1u : 0u};
  auto first_thread = toro::Spawn(toro::kBootCpu, [] { Hello(1); }, {.name = "first"});
  TORO_CHECK(first_thread.ok());
  toro::Yield();
  TORO_CHECK(toro::Join(first_thread.value()) == toro::Status::kOk);
  auto second_thread = toro::Spawn(second, [] { Hello(2); }, {.name = "second"});
  TORO_CHECK(second_thread.ok());
  toro::Yield();
  TORO_CHECK(toro::Join(second_thread.value()) == toro::Status::kOk);
  return 0;
}
