// KernelEnvironment: the clock of the machine, and random numbers from a seed that nobody knows.
#ifndef SERVICES_NET_KERNEL_ENVIRONMENT_H_
#define SERVICES_NET_KERNEL_ENVIRONMENT_H_

#include <cstdint>

#include "core/machine/machine.h"
#include "services/net/environment.h"
#include "services/net/siphash.h"

namespace toro::net {

class KernelEnvironment final : public NetEnvironment {
 public:
  // `seed`: entropy of this boot, for example from getentropy; of this stack alone.
  explicit KernelEnvironment(const SipKey& seed) : seed_(seed) {}

  uint64_t NowNs() override { return Machine::NowNs(); }
  // A keyed hash of a counter: who knows some of them and not the key can tell no other.
  uint64_t Random() override {
    ++count_;
    return SipHash(seed_, {&count_, 1});
  }

 private:
  SipKey seed_;
  uint64_t count_ = 0;
};

}  // namespace toro::net

#endif  // SERVICES_NET_KERNEL_ENVIRONMENT_H_
