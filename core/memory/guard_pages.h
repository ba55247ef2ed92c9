// A guard page at each end of a page run: the first access below or above what lies between stops the kernel.
#ifndef CORE_MEMORY_GUARD_PAGES_H_
#define CORE_MEMORY_GUARD_PAGES_H_

#include "core/machine/platform_services.h"

namespace toro {

inline constexpr size_t kGuardPages = 2;

// Makes the pages at `low` and `high` fault on every access, or ordinary memory again: both, or, when it returns false
// because the machine has no memory for it, neither. To take guards away never fails.
inline bool SetGuardPages(void* low, void* high, bool guard) {
  if (!platform::SetGuardPage(low, guard)) return false;
  if (platform::SetGuardPage(high, guard)) return true;
  platform::SetGuardPage(low, !guard);
  return false;
}

}  // namespace toro

#endif  // CORE_MEMORY_GUARD_PAGES_H_
