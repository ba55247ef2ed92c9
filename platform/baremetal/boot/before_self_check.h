// BeforeSelfCheck: what the image of a test defines to see the self-check fail (tests/metal/planted). No other image
// has it.
#ifndef PLATFORM_BAREMETAL_BOOT_BEFORE_SELF_CHECK_H_
#define PLATFORM_BAREMETAL_BOOT_BEFORE_SELF_CHECK_H_

#include <cstdint>

namespace toro::baremetal {

// Called on the boot CPU with the root of its page tables and the application's last argument.
[[gnu::weak]] void BeforeSelfCheck(uint64_t* root, const char* argument);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_BOOT_BEFORE_SELF_CHECK_H_
