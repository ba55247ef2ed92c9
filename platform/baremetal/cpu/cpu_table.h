// From dense CPU ids to local APIC ids, which may have gaps. Filled at boot, read ever after.
#ifndef PLATFORM_BAREMETAL_CPU_CPU_TABLE_H_
#define PLATFORM_BAREMETAL_CPU_CPU_TABLE_H_

#include <cstdint>

#include "core/base/cpu_id.h"

namespace toro::baremetal {

extern uint32_t cpu_apic_ids[kMaxCpus];

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_CPU_TABLE_H_
