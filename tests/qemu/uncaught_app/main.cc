// Throws what nobody catches: the kernel names type and message, and stops with a failing status.
#include <cstdio>
#include <stdexcept>

namespace application {

struct ConfigurationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace application

int main() {
  std::puts("before");
  throw application::ConfigurationError("no configuration was given");
}
