// Machine: the hot lane of the platform that this build is for, as inline functions.
//
// WHY. The core has no #ifdef of a platform. The build chooses which machine_backend.h is on the include path
// (core/machine/BUILD.bazel); the concept below turns an incomplete port into a compile error that names the operation.
#ifndef CORE_MACHINE_MACHINE_H_
#define CORE_MACHINE_MACHINE_H_

#include "core/machine/machine_contract.h"
#include "machine_backend.h"

namespace toro {

using Machine = Backend;
static_assert(MachineBackend<Machine>, "platform/*/machine_backend.h does not meet core/machine/machine_contract.h");

}  // namespace toro

#endif  // CORE_MACHINE_MACHINE_H_
