// NetEnvironment: what a stack takes from the world beside its NIC, so that a test can be the world.
#ifndef SERVICES_NET_ENVIRONMENT_H_
#define SERVICES_NET_ENVIRONMENT_H_

#include <cstdint>

namespace toro::net {

class NetEnvironment {
 public:
  virtual ~NetEnvironment() = default;

  // Nanoseconds on a clock that never goes back.
  virtual uint64_t NowNs() = 0;

  // A number that nobody outside can guess, whatever others of them he has seen.
  virtual uint64_t Random() = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_ENVIRONMENT_H_
