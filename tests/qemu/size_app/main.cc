// The smallest application with exceptions and fmt: its image has a limit.
#include <fmt/format.h>

#include <stdexcept>

int main() {
  try {
    throw std::runtime_error("thrown");
  } catch (const std::exception& e) {
    fmt::print("caught {}: {:.3f}\n", e.what(), 2.5);
  }
  return 0;
}
